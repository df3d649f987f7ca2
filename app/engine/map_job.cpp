#include <optional>

#include "app/engine/job.h"
#include "fathom/base/error.h"
#include "fathom/domain/map/study.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

void check_file(const std::string& name, const std::string& file) {
  if (file.empty()) throw UsageError(fmt::format("map: {0} is needed; name it with --set {0}=FILE", name));
  if (!std::filesystem::is_regular_file(file)) throw UsageError(fmt::format("map: no file at {} = {}", name, file));
}

// The map is there already: data and training have nothing to do but to look at it.
class MapJob : public Job {
 public:
  explicit MapJob(const Request& request)
      : config_(config_of<map::Config>(request)),
        seed_(static_cast<std::uint64_t>(request.run.seed)),
        device_(tensor::device(request.run.device)) {
    check_file("model", config_.model);
    check_file("input", config_.input);
  }

  void data() override { subject(); }
  bool train() override { return true; }
  base::StudyRecord evaluate() override { return map::study(config_, subject(), seed_); }

 private:
  const map::Subject& subject() {
    if (!subject_) subject_ = map::load(config_.model, config_.input, device_);
    return *subject_;
  }

  map::Config config_;
  std::uint64_t seed_;
  c10::Device device_;
  std::optional<map::Subject> subject_;
};

}  // namespace

std::unique_ptr<Job> make_map_job(const Request& request) { return std::make_unique<MapJob>(request); }

}  // namespace fathom::app
