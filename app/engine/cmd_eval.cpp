// fathom eval: measures the trained models of a study and writes DIR/study.json.
#include "app/engine/cmd.h"
#include "app/engine/job.h"
#include "app/engine/provenance.h"
#include "app/engine/stop_signal.h"
#include "app/results.h"
#include "fathom/base/log.h"

namespace fathom::app {

int cmd_eval(const Request& request) {
  const StopSignal stop;
  const base::Timer timer;
  base::StudyRecord record = make_job(request, stop.flag())->evaluate();
  add_provenance(record, request, timer.seconds());
  write_record(record, request.out);
  print_record(record, request.json);
  base::info("record: {}", (request.out / kRecordFile).string());
  return 0;
}

}  // namespace fathom::app
