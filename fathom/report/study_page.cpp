#include "fathom/report/study_page.h"

#include <vector>

#include <fmt/ranges.h>

#include "fathom/report/curve_table.h"
#include "fathom/report/field_figure.h"
#include "fathom/report/html_page.h"
#include "fathom/report/number_text.h"
#include "fathom/report/quantity.h"
#include "fathom/report/summary.h"

namespace fathom::report {

namespace {

std::string subtitle(const base::StudyRecord& record) {
  std::vector<std::string> parts;
  if (!record.protocol.empty()) parts.push_back("protocol " + record.protocol);
  if (!record.preset.empty()) parts.push_back("preset " + record.preset);
  parts.push_back(fmt::format("seed {}", record.seed));
  if (!record.date.empty()) parts.push_back(record.date);
  return fmt::format("{}", fmt::join(parts, " · "));
}

void write_results(HtmlPage& page, const base::StudyRecord& record) {
  if (record.models.empty()) return;
  page.heading("Results");
  page.table(result_table(record), best_model(record, main_metric(record)));
}

// The heading under which the pictures of a quantity stand; bar charts ("") stay below the result
// table.
std::string heading_of(const std::string& quantity) {
  if (quantity.empty()) return "";
  const Quantity known = quantity_of(quantity);
  if (!known.section.empty()) return known.section;
  return known.along_training ? "While training" : "Along the iterations";
}

void write_numbers(HtmlPage& page, const base::StudyRecord& record, const std::string& quantity) {
  const base::Table numbers = curve_table(record, quantity);
  if (numbers.rows.empty()) return;
  page.open_details(quantity_of(quantity).title + " in numbers");
  page.table(numbers);
  page.close_details();
}

// Pictures of one quantity over one caption, the numbers folded below.
void write_figures(HtmlPage& page, const base::StudyRecord& record) {
  base::StudyRecord curves = record;
  curves.fields.clear();  // they have sections of their own
  const std::vector<NamedSvg> figures = study_figures(curves);
  std::string section;
  for (std::size_t begin = 0, end = 0; begin < figures.size(); begin = end) {
    const std::string& quantity = figures[begin].quantity;
    std::vector<std::string> svgs;
    for (; end < figures.size() && figures[end].quantity == quantity; ++end) svgs.push_back(figures[end].svg);
    if (heading_of(quantity) != section) page.heading(section = heading_of(quantity));
    page.figure(svgs, figures[begin].caption);
    if (!quantity.empty()) write_numbers(page, record, quantity);
  }
}

// The figures that the study composed, each heading once.
void write_own_figures(HtmlPage& page, const base::StudyRecord& record) {
  std::string section;
  for (const base::Figure& figure : record.figures) {
    std::vector<std::string> svgs;
    for (NamedSvg& panel : own_figure(figure)) svgs.push_back(std::move(panel.svg));
    if (figure.section != section) page.heading(section = figure.section);
    page.figure(svgs, figure.caption);
  }
}

void write_fields(HtmlPage& page, const base::StudyRecord& record) {
  std::string section;
  for (const base::FieldFigure& fields : record.fields) {
    if (fields.section != section) page.heading(section = fields.section);
    page.figure({to_svg(fields)}, fields.caption);
  }
}

void write_checks(HtmlPage& page, const base::StudyRecord& record) {
  if (record.checks.empty()) return;
  page.heading("Checks");
  page.paragraph("What the study claims, each with its number.");
  page.checks(record.checks);
}

void write_data(HtmlPage& page, const base::StudyRecord& record) {
  base::Table facts{"", {"fact", "value"}, {}};
  if (record.train_samples > 0) facts.rows.push_back({"training samples", grouped(record.train_samples)});
  if (record.test_samples > 0) facts.rows.push_back({"test samples", grouped(record.test_samples)});
  for (const auto& [name, value] : record.statistics) facts.rows.push_back({spaced(name), significant(value)});
  page.heading("Data");
  page.table(facts);
  if (!record.data_sha256.empty()) page.paragraph("SHA-256 of the data: " + record.data_sha256);
}

void write_provenance(HtmlPage& page, const base::StudyRecord& record) {
  base::Table facts{"", {"what", "value"}, {}};
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) facts.rows.push_back({name, value});
  };
  add("command", record.command);
  add("source revision", record.git);
  add("libtorch", record.libtorch);
  add("machine", record.machine);
  add("threads", record.threads > 0 ? std::to_string(record.threads) : "");
  add("wall time", record.seconds > 0 ? duration(record.seconds) : "");
  add("date", record.date);
  add("seed", std::to_string(record.seed));
  page.heading("How to get this again");
  page.table(facts);
  if (record.config.empty()) return;
  page.open_details("Configuration");
  page.code(record.config);
  page.close_details();
}

}  // namespace

std::string study_page(const base::StudyRecord& record) {
  HtmlPage page("Study: " + record.domain, subtitle(record));
  page.lead(summary(record));
  write_results(page, record);
  if (record.figures.empty()) {
    write_figures(page, record);
  } else {
    write_own_figures(page, record);
  }
  write_fields(page, record);
  write_checks(page, record);
  write_data(page, record);
  write_provenance(page, record);
  return page.take();
}

}  // namespace fathom::report
