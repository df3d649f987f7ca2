// fathom train: trains the models of a study (drawing its data first where the folder has none).
#include "app/engine/cmd.h"
#include "app/engine/earlier_run.h"
#include "app/engine/job.h"
#include "app/engine/stop_signal.h"

namespace fathom::app {

int cmd_train(const Request& request) {
  const StopSignal stop;
  const std::unique_ptr<Job> job = make_job(request, stop.flag());
  if (!request.resume) set_aside_earlier_run(request.out);
  job->data();
  write_config(request);
  return job->train() ? 0 : report_interruption(request);
}

}  // namespace fathom::app
