#include "fathom/domain/puzzle/measured.h"

#include <algorithm>
#include <limits>

#include "fathom/measure/summary.h"

namespace fathom::puzzle {

namespace {

using base::Curve;

double mean(const std::vector<double>& values) { return measure::summarize(values).mean; }

double spread(const std::vector<double>& values) {
  return values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : measure::summarize(values).std;
}

std::vector<double> collect(const Seeds& runs, double (*figure)(const base::ModelResult&)) {
  std::vector<double> values;
  for (const Measured& run : runs) values.push_back(figure(run.result));
  return values;
}

}  // namespace

base::ModelResult average_results(const Seeds& runs) {
  base::ModelResult result = runs.front().result;
  const auto test = collect(runs, [](const base::ModelResult& r) { return r.test; });
  const auto train = collect(runs, [](const base::ModelResult& r) { return r.train; });
  result.test = mean(test);
  result.test_std = spread(test);
  result.train = mean(train);
  result.train_std = spread(train);
  result.seconds_train = mean(collect(runs, [](const base::ModelResult& r) { return r.seconds_train; }));
  result.seeds = static_cast<std::int64_t>(runs.size());
  for (auto& [name, value] : result.extra) {
    std::vector<double> values;
    for (const Measured& run : runs) values.push_back(run.result.extra.at(name));
    value = mean(values);
    if (runs.size() > 1) result.extra_std[name] = spread(values);
  }
  return result;
}

std::vector<Curve> average_curves(const Seeds& runs) {
  std::vector<Curve> curves = runs.front().curves;
  const auto count = static_cast<double>(runs.size());
  for (std::size_t c = 0; c < curves.size(); ++c) {
    for (std::size_t i = 0; i < curves[c].t.size(); ++i) {
      double mean = 0, std = 0, greatest = -std::numeric_limits<double>::infinity();
      for (const Measured& run : runs) {
        mean += run.curves[c].mean[i] / count;
        std += run.curves[c].std[i] / count;
        greatest = std::max(greatest, run.curves[c].max[i]);
      }
      curves[c].mean[i] = mean;
      curves[c].std[i] = std;
      curves[c].max[i] = greatest;
    }
  }
  return curves;
}

}  // namespace fathom::puzzle
