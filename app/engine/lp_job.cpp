#include <optional>

#include "app/engine/job.h"
#include "fathom/domain/lp/run.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

class LpJob : public Job {
 public:
  LpJob(const Request& request, const std::atomic<bool>& stop)
      : config_(config_of<lp::Config>(request)),
        run_{.folder = request.out,
             .seed = static_cast<std::uint64_t>(request.run.seed),
             .seeds = request.run.seeds,
             .device = tensor::device(request.run.device),
             .resume = request.resume,
             .stop = &stop} {}

  void data() override { splits(); }
  bool train() override { return lp::train_models(config_, run_, splits()); }
  base::StudyRecord evaluate() override { return lp::evaluate(config_, run_, splits()); }

 private:
  const lp::Splits& splits() {
    if (!splits_) splits_ = lp::make_data(config_, run_);
    return *splits_;
  }

  lp::Config config_;
  lp::Run run_;
  std::optional<lp::Splits> splits_;
};

}  // namespace

std::unique_ptr<Job> make_lp_job(const Request& request, const std::atomic<bool>& stop) {
  return std::make_unique<LpJob>(request, stop);
}

}  // namespace fathom::app
