#include "fathom/report/study_figures.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "fathom/report/bar_chart.h"
#include "fathom/report/curve_selection.h"
#include "fathom/report/field_figure.h"
#include "fathom/report/line_chart.h"
#include "fathom/report/number_text.h"
#include "fathom/report/quantity.h"
#include "fathom/report/result_table.h"

namespace fathom::report {

namespace {

using base::Curve;

constexpr std::size_t kMostBands = 5;    // more of them would hide each other
constexpr std::size_t kMostMarked = 12;  // lines with markers
constexpr double kPanelWidth = 500, kPanelHeight = 340;
constexpr double kLogFrom = 50;  // greatest over least from which an axis is logarithmic

// ---- one curve as a line

Series series_of(const Curve& curve, const std::string& name, bool band, bool markers) {
  Series series{name, curve.t, curve.mean, {}, {}, markers};
  if (!band || !has_spread(curve)) return series;
  for (std::size_t i = 0; i < points_of(curve); ++i) {
    series.low.push_back(curve.mean[i] - curve.std[i]);
    series.high.push_back(curve.mean[i] + curve.std[i]);
  }
  return series;
}

// ---- scales, rules, words

bool is_log(const Quantity& quantity, const Curves& curves) {
  if (quantity.always_log || quantity.never_log) return quantity.always_log;
  double least = std::numeric_limits<double>::infinity(), greatest = 0;
  for (const Curve* curve : curves) {
    for (const double mean : curve->mean) {
      if (mean < 0) return false;
      if (mean > 0 && std::isfinite(mean)) least = std::min(least, mean), greatest = std::max(greatest, mean);
    }
  }
  return greatest > kLogFrom * least;
}

std::vector<Rule> vertical_rules(const base::StudyRecord& record, const Quantity& quantity) {
  const double depth = training_depth(record);
  if (!quantity.along_iterations() || !std::isfinite(depth)) return {};
  return {{depth, "training depth " + significant(depth)}};
}

// The best predictor that learns nothing, where the curves are of what the table measures; nullptr
// elsewhere.
const base::ModelResult* best_baseline(const base::StudyRecord& record, const std::string& quantity) {
  const int best = best_model(record, main_metric(record), "baseline");
  if (best < 0 || (quantity != "error" && quantity != main_metric(record))) return nullptr;
  return &record.models[static_cast<std::size_t>(best)];
}

std::string x_label(const Quantity& quantity) {
  if (quantity.along_training) return "optimiser step";
  return quantity.x_label.empty() ? "iteration t" : quantity.x_label;
}

// Under the title: what unit the error has, and which way is better.
std::string y_label(const base::StudyRecord& record, const std::string& name, const Quantity& quantity) {
  const std::string unit = name == "error" ? metric_words(main_metric(record)) : "";
  const std::string direction = direction_words(quantity.better);
  return unit + (unit.empty() || direction.empty() ? "" : ", ") + direction;
}

bool any_not_finite(const Curves& curves) {
  return std::any_of(curves.begin(), curves.end(), [](const Curve* curve) {
    return std::any_of(curve->mean.begin(), curve->mean.end(), [](double mean) { return !std::isfinite(mean); });
  });
}

// True if mean - std is zero or below somewhere, which a log axis cannot show.
bool reaches_zero(const Curve& curve) {
  for (std::size_t i = 0; i < std::min(points_of(curve), curve.std.size()); ++i) {
    if (curve.mean[i] - curve.std[i] <= 0) return true;
  }
  return false;
}

// Whether bands help: not when there are many, nor when several would fill a log axis down to its
// end.
bool bands_help(const Curves& curves, const Curves& all, Scale scale) {
  if (curves.size() > kMostBands) return false;
  const bool cut =
      scale == Scale::log && std::any_of(all.begin(), all.end(), [](const Curve* c) { return reaches_zero(*c); });
  return !cut || curves.size() == 1;
}

std::string caption_of(const Curves& curves, const LineChart& chart, const Quantity& quantity,
                       const base::ModelResult* baseline) {
  const bool log = chart.y.scale == Scale::log;
  const bool banded =
      std::any_of(chart.series.begin(), chart.series.end(), [](const Series& series) { return !series.low.empty(); });
  const bool cut = log && std::any_of(curves.begin(), curves.end(), [](const Curve* c) { return reaches_zero(*c); });
  std::string out = quantity.reading;
  if (banded) out += " Shaded: mean ± one standard deviation over the samples.";
  if (banded && cut) out += " The shade reaches down to the axis where the deviation exceeds the mean.";
  if (!chart.verticals.empty()) out += " Right of the vertical rule a model iterates longer than it was trained for.";
  if (baseline != nullptr) {
    out += fmt::format(" The horizontal rule is the best predictor that learns nothing: {}.", baseline->name);
  }
  if (log && !quantity.always_log) out += " The axis is logarithmic.";
  if (any_not_finite(curves)) out += " A gap in a line: the value was not finite.";
  return out;
}

// ---- names of files

std::string file_name(const std::string& words) {
  std::string name;
  for (const char c : words) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 0x80;
    if (plain)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "figure" : name;
}

void make_names_unique(std::vector<NamedSvg>& figures) {
  std::set<std::string> used;
  for (NamedSvg& figure : figures) {
    const std::string name = figure.name;
    for (int i = 2; !used.insert(figure.name).second; ++i) figure.name = fmt::format("{}-{}", name, i);
  }
}

// ---- the charts

// One chart; `all` are the curves that share its scale.
NamedSvg line_figure(const base::StudyRecord& record, const std::string& name, const Curves& curves, const Curves& all,
                     const std::string& panel) {
  const Quantity quantity = quantity_of(name);
  const bool by_group = distinct(curves, &Curve::group).size() > 1;
  const bool by_model = distinct(curves, &Curve::model).size() > 1;
  LineChart chart;
  chart.title = panel.empty() ? quantity.title : quantity.title + ": " + panel;
  chart.x_label = x_label(quantity);
  chart.y_label = y_label(record, name, quantity);
  chart.y.scale = is_log(quantity, all) ? Scale::log : Scale::linear;
  chart.y.from_zero = quantity.from_zero;
  chart.verticals = vertical_rules(record, quantity);
  const base::ModelResult* baseline = best_baseline(record, name);
  if (baseline != nullptr) chart.horizontals = {{baseline->test, "baseline " + significant(baseline->test, 3)}};
  const bool bands = !quantity.along_training && bands_help(curves, all, chart.y.scale);
  if (!panel.empty()) {
    chart.width = kPanelWidth;
    chart.height = kPanelHeight;
    for (const Curve* curve : all) chart.also_fit.push_back(series_of(*curve, "", bands, false));
  }
  for (const Curve* curve : curves) {
    const std::string label = by_group && by_model ? curve->model + ", " + curve->group
                              : by_group           ? curve->group
                                                   : curve->model;
    chart.series.push_back(series_of(*curve, label, bands, curves.size() <= kMostMarked && !quantity.along_training));
  }
  chart.caption = caption_of(curves, chart, quantity, baseline);
  return {file_name(panel.empty() ? name : name + " " + panel), name, to_svg(chart), chart.caption};
}

std::vector<NamedSvg> quantity_figures(const base::StudyRecord& record, const std::string& name) {
  const Curves curves = curves_of(record, name);
  const std::vector<std::string> models = distinct(curves, &Curve::model);
  if (models.size() < 2 || distinct(curves, &Curve::group).size() < 2)
    return {line_figure(record, name, curves, curves, "")};
  std::vector<NamedSvg> figures;
  for (const std::string& model : models) {
    Curves own;
    std::copy_if(curves.begin(), curves.end(), std::back_inserter(own),
                 [&](const Curve* curve) { return curve->model == model; });
    figures.push_back(line_figure(record, name, own, curves, model));
  }
  return figures;
}

NamedSvg bar_figure(const base::StudyRecord& record, const std::string& metric) {
  BarChart chart{.title = capitalised(metric_words(metric)) + " on the test samples",
                 .caption = "",
                 .x_label = metric_words(metric),
                 .bars = {}};
  bool whiskers = false;
  for (const base::ModelResult& model : record.models) {
    if (model.metric != metric) continue;
    chart.bars.push_back({model.name, model.kind, model.test, model.test_std});
    whiskers = whiskers || (std::isfinite(model.test_std) && model.test_std > 0);
  }
  if (const std::string direction = direction_words(better_of(metric)); !direction.empty())
    chart.x_label += ", " + direction;
  chart.caption = "Each bar is one model of the table.";
  if (whiskers) chart.caption += " The whisker spans one standard deviation over the seeds to either side.";
  return {file_name("test " + metric), "", to_svg(chart), chart.caption};
}

std::vector<Rule> rules_of(const std::vector<base::Figure::Mark>& marks) {
  std::vector<Rule> rules;
  for (const base::Figure::Mark& mark : marks) rules.push_back({mark.at, mark.label});
  return rules;
}

// Lines of a few points are points that were measured: they get markers.
constexpr std::size_t kFewPoints = 12;

LineChart chart_of(const base::Figure::Panel& panel) {
  LineChart chart;
  chart.title = panel.title;
  chart.x_label = panel.x_label;
  chart.y_label = panel.y_label;
  chart.x = {.scale = panel.log_x ? Scale::log : Scale::linear, .tight = true};
  chart.y.scale = panel.log_y ? Scale::log : Scale::linear;
  chart.verticals = rules_of(panel.marks);
  chart.horizontals = rules_of(panel.levels);
  for (const base::Figure::Line& line : panel.lines) {
    chart.series.push_back({line.name, line.x, line.y, {}, {}, line.x.size() <= kFewPoints});
  }
  return chart;
}

std::vector<NamedSvg> own_figures(const base::StudyRecord& record) {
  std::vector<NamedSvg> all;
  for (const base::Figure& figure : record.figures) {
    for (NamedSvg& panel : own_figure(figure)) all.push_back(std::move(panel));
  }
  return all;
}

std::vector<NamedSvg> figures_of_curves(const base::StudyRecord& record) {
  std::vector<NamedSvg> figures;
  std::vector<std::string> metrics;
  for (const base::ModelResult& model : record.models) {
    if (std::find(metrics.begin(), metrics.end(), model.metric) == metrics.end()) metrics.push_back(model.metric);
  }
  for (const std::string& metric : metrics) figures.push_back(bar_figure(record, metric));
  for (const std::string& quantity : quantities_of(record)) {
    for (NamedSvg& figure : quantity_figures(record, quantity)) figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace

std::vector<NamedSvg> own_figure(const base::Figure& figure) {
  std::vector<NamedSvg> panels;
  for (const base::Figure::Panel& panel : figure.panels) {
    LineChart chart = chart_of(panel);
    chart.caption = figure.caption;
    if (figure.panels.size() > 1) {
      chart.width = kPanelWidth;
      chart.height = kPanelHeight;
    }
    panels.push_back({file_name(panel.name), "", to_svg(chart), figure.caption});
  }
  return panels;
}

std::vector<NamedSvg> study_figures(const base::StudyRecord& record) {
  std::vector<NamedSvg> figures = record.figures.empty() ? figures_of_curves(record) : own_figures(record);
  for (const base::FieldFigure& fields : record.fields)
    figures.push_back({file_name(fields.name), "", to_svg(fields), fields.caption});
  make_names_unique(figures);
  return figures;
}

}  // namespace fathom::report
