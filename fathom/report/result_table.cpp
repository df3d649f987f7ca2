#include "fathom/report/result_table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "fathom/report/number_text.h"
#include "fathom/report/quantity.h"

namespace fathom::report {

namespace {

using base::ModelResult;

template <class Accepts>
int best_where(const base::StudyRecord& record, const std::string& metric, Accepts accepts) {
  int best = -1;
  double value = NAN;
  for (std::size_t i = 0; i < record.models.size(); ++i) {
    const ModelResult& model = record.models[i];
    if (model.metric != metric || !accepts(model) || !is_better(model.test, value, better_of(metric))) continue;
    best = static_cast<int>(i);
    value = model.test;
  }
  return best;
}

void add_column(base::Table& table, const std::string& name, const std::vector<std::string>& cells) {
  table.header.push_back(name);
  for (std::size_t i = 0; i < cells.size(); ++i) table.rows[i].push_back(cells[i]);
}

std::vector<double> figures(const base::StudyRecord& record, const std::function<double(const ModelResult&)>& figure) {
  std::vector<double> values;
  for (const ModelResult& model : record.models) values.push_back(figure(model));
  return values;
}

template <class Cell>
std::vector<std::string> cells(const base::StudyRecord& record, Cell cell) {
  std::vector<std::string> texts;
  for (const ModelResult& model : record.models) texts.push_back(cell(model));
  return texts;
}

bool any_finite(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

void add_figure(base::Table& table, const std::string& name, const std::vector<double>& mean,
                const std::vector<double>& std) {
  if (!any_finite(mean)) return;
  add_column(table, name, column_text(mean));
  if (any_finite(std)) add_column(table, "± std", column_text(std, 2));
}

std::set<std::string> metrics_of(const base::StudyRecord& record) {
  std::set<std::string> metrics;
  for (const ModelResult& model : record.models) metrics.insert(model.metric);
  return metrics;
}

std::set<std::string> extras_of(const base::StudyRecord& record) {
  std::set<std::string> names;
  for (const ModelResult& model : record.models) {
    for (const auto& [name, value] : model.extra) names.insert(name);
  }
  return names;
}

std::vector<std::string> marked_names(const base::StudyRecord& record) {
  std::vector<std::string> names = cells(record, [](const ModelResult& model) { return model.name; });
  for (const std::string& metric : metrics_of(record)) {
    if (const int best = best_model(record, metric); best >= 0) names[static_cast<std::size_t>(best)] += " (best)";
  }
  return names;
}

double value_at(const std::map<std::string, double>& values, const std::string& name) {
  const auto entry = values.find(name);
  return entry == values.end() ? NAN : entry->second;
}

}  // namespace

int best_model(const base::StudyRecord& record, const std::string& metric) {
  return best_where(record, metric, [](const ModelResult&) { return true; });
}

int best_model(const base::StudyRecord& record, const std::string& metric, const std::string& kind) {
  return best_where(record, metric, [&](const ModelResult& model) { return model.kind == kind; });
}

std::string main_metric(const base::StudyRecord& record) {
  return record.models.empty() ? "" : record.models.front().metric;
}

base::Table result_table(const base::StudyRecord& record) {
  base::Table table{"", {}, std::vector<std::vector<std::string>>(record.models.size())};
  const bool one_metric = metrics_of(record).size() <= 1;
  const std::string unit = one_metric && !main_metric(record).empty() ? " " + main_metric(record) : "";
  add_column(table, "model", marked_names(record));
  add_column(table, "kind", cells(record, [](const ModelResult& m) { return m.kind; }));
  add_column(table, "parameters", cells(record, [](const ModelResult& m) { return grouped(m.parameters); }));
  if (!one_metric) add_column(table, "metric", cells(record, [](const ModelResult& m) { return m.metric; }));
  const auto column = [&](double ModelResult::*member) {
    return figures(record, [=](const ModelResult& m) { return m.*member; });
  };
  add_figure(table, "test" + unit, column(&ModelResult::test), column(&ModelResult::test_std));
  add_figure(table, "train" + unit, column(&ModelResult::train), column(&ModelResult::train_std));
  const bool seeded =
      std::any_of(record.models.begin(), record.models.end(), [](const ModelResult& m) { return m.seeds > 1; });
  if (seeded) add_column(table, "seeds", cells(record, [](const ModelResult& m) { return std::to_string(m.seeds); }));
  add_column(table, "training time", cells(record, [](const ModelResult& m) {
               return m.seconds_train > 0 ? duration(m.seconds_train) : kMissing;
             }));
  for (const std::string& name : extras_of(record)) {
    add_figure(table, spaced(name), figures(record, [&](const ModelResult& m) { return value_at(m.extra, name); }),
               figures(record, [&](const ModelResult& m) { return value_at(m.extra_std, name); }));
  }
  return table;
}

}  // namespace fathom::report
