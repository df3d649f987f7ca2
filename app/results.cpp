#include "app/results.h"

#include <fmt/format.h>

#include "fathom/base/file.h"
#include "fathom/io/study_record.h"
#include "fathom/report/check_table.h"
#include "fathom/report/result_table.h"
#include "fathom/report/study_figures.h"
#include "fathom/report/study_page.h"
#include "fathom/report/table_text.h"

namespace fathom::app {

void write_report(const base::StudyRecord& record, const std::filesystem::path& folder) {
  for (const report::NamedSvg& figure : report::study_figures(record)) {
    base::write_atomically(folder / (figure.name + ".svg"), figure.svg);
  }
  base::write_atomically(folder / kReportFile, report::study_page(record));
}

void print_record(const base::StudyRecord& record, bool json) {
  if (json) {
    fmt::print("{}", io::to_json(record));
    return;
  }
  if (!record.models.empty()) fmt::print("{}", report::to_text(report::result_table(record)));
  if (record.checks.empty()) return;
  fmt::print("{}{}", record.models.empty() ? "" : "\n", report::to_text(report::check_table(record.checks)));
}

}  // namespace fathom::app
