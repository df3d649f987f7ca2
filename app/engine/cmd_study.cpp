// fathom study: the whole job. data -> train -> evaluate -> report, each stage through files in one folder.
#include <optional>

#include "app/engine/cmd.h"
#include "app/engine/earlier_run.h"
#include "app/engine/job.h"
#include "app/engine/provenance.h"
#include "app/engine/stop_signal.h"
#include "app/results.h"
#include "fathom/base/log.h"
#include "fathom/io/study_record.h"

namespace fathom::app {

namespace {

// The record of a run that is finished with these very options.
std::optional<base::StudyRecord> finished_record(const Request& request) {
  const std::filesystem::path file = request.out / kRecordFile;
  if (!request.resume || !std::filesystem::exists(file)) return std::nullopt;
  base::StudyRecord record = io::read_study_record(file);
  if (record.config != request.config) return std::nullopt;
  base::info("finished already: {}", file.string());
  return record;
}

// Empty: interrupted.
std::optional<base::StudyRecord> run_stages(const Request& request) {
  const StopSignal stop;
  const base::Timer timer;
  const std::unique_ptr<Job> job = make_job(request, stop.flag());
  if (!request.resume) set_aside_earlier_run(request.out);
  job->data();
  write_config(request);
  if (!job->train()) return std::nullopt;
  base::StudyRecord record = job->evaluate();
  add_provenance(record, request, timer.seconds());
  write_record(record, request.out);
  return record;
}

}  // namespace

int cmd_study(const Request& request) {
  std::optional<base::StudyRecord> record = finished_record(request);
  if (!record) record = run_stages(request);
  if (!record) return report_interruption(request);
  write_report(*record, request.out);
  print_record(*record, request.json);
  base::info("report: {}", (request.out / kReportFile).string());
  return 0;
}

}  // namespace fathom::app
