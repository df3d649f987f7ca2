#include <optional>

#include "app/engine/job.h"
#include "fathom/base/error.h"
#include "fathom/domain/pde/run.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

class PdeJob : public Job {
 public:
  PdeJob(const Request& request, const std::atomic<bool>& stop)
      : config_(config_of<pde::Config>(request)),
        run_{.folder = request.out,
             .seed = static_cast<std::uint64_t>(request.run.seed),
             .seeds = request.run.seeds,
             .device = tensor::device(request.run.device),
             .resume = request.resume,
             .stop = &stop} {
    config_.check();
  }

  void data() override { data_ = pde::make_data(config_.data, run_.folder, run_.seed, run_.stop); }

  // Drawing the flows may have been interrupted: then there is nothing to train on.
  bool train() override { return data_ && pde::train_models(config_, run_, *data_); }

  base::StudyRecord evaluate() override {
    if (!data_) data();
    if (!data_) base::fail("app::evaluate", "the flows are not drawn yet; run it again with --resume");
    return pde::evaluate(config_, run_, *data_);
  }

 private:
  pde::Config config_;
  pde::Run run_;
  std::optional<pde::FlowData> data_;
};

}  // namespace

std::unique_ptr<Job> make_pde_job(const Request& request, const std::atomic<bool>& stop) {
  return std::make_unique<PdeJob>(request, stop);
}

}  // namespace fathom::app
