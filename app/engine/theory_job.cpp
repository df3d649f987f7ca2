#include "app/engine/job.h"
#include "fathom/base/error.h"
#include "fathom/domain/theory/run.h"

namespace fathom::app {

namespace {

// The targets are functions: what is drawn of them is drawn where it is used.
class TheoryJob : public Job {
 public:
  TheoryJob(const Request& request, const std::atomic<bool>& stop)
      : config_(config_of<theory::Config>(request)),
        run_{.folder = request.out,
             .seed = static_cast<std::uint64_t>(request.run.seed),
             .seeds = request.run.seeds,
             .resume = request.resume,
             .stop = &stop} {
    if (request.run.device != "cpu") {
      throw UsageError(fmt::format("theory: device = {} violates cpu; its targets are evaluated in float64 on the CPU",
                                   request.run.device));
    }
    for (const std::string& name : config_.constructed_targets()) theory::make_target(name, config_.target);
  }

  void data() override {}
  bool train() override { return theory::train_networks(config_, run_); }
  base::StudyRecord evaluate() override { return theory::evaluate(config_, run_); }

 private:
  theory::Config config_;
  theory::Run run_;
};

}  // namespace

std::unique_ptr<Job> make_theory_job(const Request& request, const std::atomic<bool>& stop) {
  return std::make_unique<TheoryJob>(request, stop);
}

}  // namespace fathom::app
