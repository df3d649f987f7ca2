// fathom data: draws and labels the data of a study.
#include "app/engine/cmd.h"
#include "app/engine/job.h"
#include "app/engine/stop_signal.h"

namespace fathom::app {

int cmd_data(const Request& request) {
  const StopSignal stop;
  const std::unique_ptr<Job> job = make_job(request, stop.flag());
  job->data();
  write_config(request);
  return 0;
}

}  // namespace fathom::app
