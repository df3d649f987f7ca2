#include "fathom/study/diagnose.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fathom/measure/contraction.h"
#include "fathom/measure/order.h"
#include "fathom/measure/path_independence.h"
#include "fathom/measure/spectral.h"
#include "fathom/measure/summary.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/krylov_basis.h"

namespace fathom::study {

namespace {

// The residuals of one row, without what was not recorded.
std::vector<double> row_trace(const solve::Trace& trace, std::size_t row) {
  std::vector<double> residuals;
  for (const std::vector<double>& step : trace.residual) {
    if (std::isfinite(step[row])) residuals.push_back(step[row]);
  }
  return residuals;
}

std::vector<std::string> words(const std::vector<solve::Status>& status) {
  std::vector<std::string> list;
  for (const solve::Status s : status) list.emplace_back(to_string(s));
  return list;
}

std::vector<double> numbers(const std::vector<std::int64_t>& counts) { return {counts.begin(), counts.end()}; }

double mean(const std::vector<double>& values) { return measure::summarize(values).mean; }

double share_below_one(const std::vector<double>& values) {
  const auto below = std::count_if(values.begin(), values.end(), [](double v) { return v < 1; });
  return static_cast<double>(below) / static_cast<double>(std::max<std::size_t>(1, values.size()));
}

std::string tally(const std::vector<std::string>& status) {
  std::map<std::string, int> counts;
  for (const std::string& word : status) ++counts[word];
  std::vector<std::string> parts;
  for (const auto& [word, count] : counts) parts.push_back(fmt::format("{} {}", count, word));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> line(const std::string& name, const std::vector<double>& values) {
  std::vector<double> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  if (finite.empty()) return {name, "-", "-", "-"};
  const auto [least, largest] = std::minmax_element(finite.begin(), finite.end());
  return {name, fmt::format("{:.4g}", mean(finite)), fmt::format("{:.4g}", *least), fmt::format("{:.4g}", *largest)};
}

// The start itself and two others as far from 0 as the answers are.
std::vector<double> from_other_starts(const Map& map, const State& y0, const Solution& found, const solve::Stop& stop) {
  const double radius = mean(solve::row_norms(found.y.flat()));
  const std::vector<State> starts = measure::random_starts(y0, 3, std::isfinite(radius) ? radius : 1);
  return measure::path_independence(map, starts, solve::Anderson{}, stop).distance;
}

}  // namespace

Diagnosis diagnose(const Map& map, const State& y0, const solve::Stop& stop) {
  const Solution picard = solve::fixed_point(map, y0, solve::Picard{}, stop, {}, {.residuals = true});
  const Solution anderson = solve::fixed_point(map, y0, solve::Anderson{}, stop);
  const Solution& better = mean(anderson.relative) < mean(picard.relative) ? anderson : picard;
  Diagnosis d{.picard_status = words(picard.status),
              .anderson_status = words(anderson.status),
              .picard_iterations = numbers(picard.iterations),
              .anderson_iterations = numbers(anderson.iterations),
              .residual = better.relative};
  for (std::size_t row = 0; row < picard.status.size(); ++row) {
    const std::vector<double> trace = row_trace(picard.trace, row);
    d.contraction.push_back(measure::contraction(trace).factor);
    d.order.push_back(measure::convergence_order(trace).order);
  }
  d.spectral_radius = measure::spectral_radius(map, better.y).value;
  d.sigma_max = measure::sigma_max(map, better.y).value;
  d.floor = measure::residual_floor(map, better.y).relative;
  d.path_distance = from_other_starts(map, y0, better, stop);
  return d;
}

base::Table to_table(const Diagnosis& d) {
  return {.title = "",
          .header = {"over the rows", "mean", "least", "largest"},
          .rows = {
              line("Picard: evaluations of G", d.picard_iterations),
              line("Anderson: evaluations of G", d.anderson_iterations), line("relative residual", d.residual),
              line("contraction factor (Picard's trace)", d.contraction),
              line("spectral radius of dG/dy", d.spectral_radius), line("largest singular value of dG/dy", d.sigma_max),
              line("convergence order (Picard's trace)", d.order), line("relative residual left by rounding", d.floor),
              line("distance between answers of three starts", d.path_distance)}};
}

std::string verdict(const Diagnosis& d) {
  const double contractive = share_below_one(d.sigma_max), attracting = share_below_one(d.spectral_radius);
  const std::string kind = contractive == 1 ? "contractive at every fixed point probed"
                           : attracting == 1
                               ? "not contractive in the 2-norm, but attracting at every fixed point probed"
                               : fmt::format("attracting at {:.0f}% of the points probed only", 100 * attracting);
  return fmt::format("The block is {}. Picard: {}. Anderson: {}.", kind, tally(d.picard_status),
                     tally(d.anderson_status));
}

}  // namespace fathom::study
