// Test-time compute, measured: one simple block whose iterates come ever closer to 1/x, and become as steep as it is.
//
//   G(y, x) = y - eta (x y - 1),   y_0 = 0:   y_t(x) = (1 - (1 - eta x)^t) / x
//
// Prints a table, probes the block and draws the curves into the file named on the command line (05_study.svg).
#include <cmath>
#include <cstdio>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/format.h>

#include "fathom/base/file.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/report/line_chart.h"
#include "fathom/report/table_text.h"
#include "fathom/study/diagnose.h"
#include "fathom/study/regularity.h"
#include "fathom/study/unroll.h"

using namespace fathom;

namespace {

constexpr double kEta = 0.5;

State block(const State& y, const State& x) { return y.only() - kEta * (x.only() * y.only() - 1); }

base::Table table_of(const std::vector<base::Curve>& curves) {
  base::Table table{.title = "1/x on [0.05, 1]", .header = {"t"}, .rows = {}};
  for (const base::Curve& curve : curves) table.header.push_back(curve.quantity + ", largest");
  for (std::size_t t = 1; t < curves[0].t.size(); t *= 2) {
    std::vector<std::string> row{fmt::format("{}", curves[0].t[t])};
    for (const base::Curve& curve : curves) row.push_back(fmt::format("{:.3g}", curve.max[t]));
    table.rows.push_back(row);
  }
  return table;
}

report::LineChart chart_of(const std::vector<base::Curve>& curves) {
  report::LineChart chart{.title = "G(y, x) = y - (x y - 1) / 2 on the way to 1/x",
                          .caption = "error and empirical Lipschitz constant of y_t, largest over the inputs",
                          .x_label = "iterations t",
                          .y_label = "largest over the inputs"};
  for (const base::Curve& curve : curves) chart.series.push_back({curve.quantity, curve.t, curve.max, {}, {}});
  chart.y.scale = report::Scale::log;
  return chart;
}

// The largest relative error over the inputs is that of the smallest, x = 0.05: (1 - eta x)^t.
bool agrees_with_closed_form(const base::Curve& error) {
  bool agrees = true;
  for (std::size_t t = 0; t < error.t.size(); ++t) {
    agrees &= std::abs(error.max[t] - std::pow(1 - kEta * 0.05, error.t[t])) < 1e-12;
  }
  return agrees;
}

}  // namespace

int main(int argc, char** argv) {
  const Tensor x = at::linspace(0.05, 1, 64, at::kDouble).unsqueeze(1), moved = x + 1e-4, start = at::zeros_like(x);

  // The iterates at x and beside it, side by side: a state of two parts.
  const Map both([&](const State& y) { return State({block(y[0], x).only(), block(y[1], moved).only()}); });
  const study::Probe error{"relative error", "all",
                           [&](std::int64_t, const State& y, const State&) { return measure::rel_l2(y[0], 1 / x); }};
  const study::Probe steepness{"Lipschitz constant", "all", [&](std::int64_t, const State& y, const State&) {
                                 return measure::lipschitz(y[0], y[1], x, moved);
                               }};
  const std::vector<base::Curve> curves = study::unroll(both, State({start, start}), 256, "1/x", {error, steepness});
  std::printf("%s\n", report::to_text(table_of(curves)).c_str());

  const Map map([&](const Tensor& y, const Rows& rows) { return block(y, rows.of(x)).only(); });
  std::printf("%s\n%s\n", study::verdict(study::diagnose(map, start, {.rtol = 1e-9, .max_iter = 2000})).c_str(),
              study::verdict(study::probe_regularity(block, start, x, 64)).c_str());

  const char* file = argc > 1 ? argv[1] : "05_study.svg";
  base::write_atomically(file, report::to_svg(chart_of(curves)));
  std::printf("drawn into %s\n", file);
  return agrees_with_closed_form(curves[0]) ? 0 : 1;
}
