#include <optional>

#include "app/engine/job.h"
#include "app/engine/model_file.h"
#include "fathom/base/error.h"
#include "fathom/domain/llm/run.h"

namespace fathom::app {

namespace {

void check_path(const std::string& name, const std::string& path, bool folder) {
  if (path.empty()) return;
  if (folder ? std::filesystem::is_directory(path) : std::filesystem::is_regular_file(path)) return;
  throw UsageError(fmt::format("llm: no {} at {} = {}", folder ? "folder" : "file", name, path));
}

class LlmJob : public Job {
 public:
  LlmJob(const Request& request, const std::atomic<bool>& stop)
      : config_(config_of<llm::Config>(request)),
        run_{.folder = request.out,
             .seed = static_cast<std::uint64_t>(request.run.seed),
             .seeds = request.run.seeds,
             .resume = request.resume,
             .stop = &stop} {
    if (request.run.device != "cpu")
      throw UsageError(
          fmt::format("llm: device = {} violates cpu; the study trains and measures there", request.run.device));
    if (config_.data.corpus.empty() && config_.study.pairs.empty())
      throw UsageError("llm: a text or prompt pairs are needed; give --train FILE, --pairs FILE, or both");
    check_path("data.corpus", config_.data.corpus, false);
    check_path("study.pairs", config_.study.pairs, false);
    check_path("study.checkpoint", config_.study.checkpoint, true);
  }

  void data() override {
    if (trains()) corpus();
  }
  bool train() override { return !trains() || llm::train_models(config_, run_, corpus()); }
  base::StudyRecord evaluate() override {
    const bool ships = !trains() && config_.study.checkpoint.empty();
    return llm::evaluate(config_, run_, ships ? model_file("", kShippedLlm) : std::filesystem::path());
  }

 private:
  bool trains() const { return !config_.data.corpus.empty(); }
  const llm::Corpus& corpus() {
    if (!corpus_) corpus_ = llm::make_corpus(config_, run_);
    return *corpus_;
  }

  llm::Config config_;
  llm::Run run_;
  std::optional<llm::Corpus> corpus_;
};

}  // namespace

std::unique_ptr<Job> make_llm_job(const Request& request, const std::atomic<bool>& stop) {
  return std::make_unique<LlmJob>(request, stop);
}

}  // namespace fathom::app
