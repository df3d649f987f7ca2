#include <optional>

#include "app/engine/job.h"
#include "fathom/domain/imaging/run.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

class ImagingJob : public Job {
 public:
  ImagingJob(const Request& request, const std::atomic<bool>& stop)
      : config_(config_of<imaging::Config>(request)),
        run_{.folder = request.out,
             .seed = static_cast<std::uint64_t>(request.run.seed),
             .seeds = request.run.seeds,
             .device = tensor::device(request.run.device),
             .resume = request.resume,
             .stop = &stop} {
    config_.check();
  }

  void data() override { data_ = imaging::make_data(config_.data, run_.folder, run_.seed); }

  bool train() override { return imaging::train_models(config_, run_, *data_); }

  base::StudyRecord evaluate() override {
    if (!data_) data();
    return imaging::evaluate(config_, run_, *data_);
  }

 private:
  imaging::Config config_;
  imaging::Run run_;
  std::optional<imaging::ImageData> data_;
};

}  // namespace

std::unique_ptr<Job> make_imaging_job(const Request& request, const std::atomic<bool>& stop) {
  return std::make_unique<ImagingJob>(request, stop);
}

}  // namespace fathom::app
