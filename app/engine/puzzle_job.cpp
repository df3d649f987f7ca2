#include "app/engine/job.h"
#include "fathom/domain/puzzle/run.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

// Puzzles are drawn while training, so that there are no data to keep.
class PuzzleJob : public Job {
 public:
  PuzzleJob(const Request& request, const std::atomic<bool>& stop)
      : config_(config_of<puzzle::Config>(request)),
        run_{.folder = request.out,
             .seed = static_cast<std::uint64_t>(request.run.seed),
             .seeds = request.run.seeds,
             .device = tensor::device(request.run.device),
             .resume = request.resume,
             .stop = &stop} {}

  void data() override {}
  bool train() override { return puzzle::train_models(config_, run_); }
  base::StudyRecord evaluate() override { return puzzle::evaluate(config_, run_); }

 private:
  puzzle::Config config_;
  puzzle::Run run_;
};

}  // namespace

std::unique_ptr<Job> make_puzzle_job(const Request& request, const std::atomic<bool>& stop) {
  return std::make_unique<PuzzleJob>(request, stop);
}

}  // namespace fathom::app
