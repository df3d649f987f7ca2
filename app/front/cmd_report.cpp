// fathom report: draws a run's study.json again.
#include "app/front/cmd.h"
#include "app/results.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/io/study_record.h"

namespace fathom::app {

int cmd_report(const Invocation& in) {
  const std::filesystem::path folder = in.request.inputs.front(), file = folder / kRecordFile;
  if (!std::filesystem::exists(file)) {
    throw UsageError(fmt::format("report: no {}; `fathom study` or `fathom eval` writes it", file.string()));
  }
  const base::StudyRecord record = io::read_study_record(file);
  write_report(record, folder);
  print_record(record, in.request.json);
  base::info("report: {}", (folder / kReportFile).string());
  return 0;
}

}  // namespace fathom::app
