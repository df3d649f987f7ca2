#include "fathom/study/average.h"

#include <algorithm>
#include <limits>

#include "fathom/measure/summary.h"

namespace fathom::study {

namespace {

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

double spread(const std::vector<double>& values) {
  return values.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : measure::summarize(values).std;
}

}  // namespace

base::ModelResult average(const std::vector<Measured>& runs) {
  base::ModelResult result = runs.front().result;
  std::vector<double> train, test, seconds;
  for (const Measured& run : runs) {
    train.push_back(run.result.train);
    test.push_back(run.result.test);
    seconds.push_back(run.result.seconds_train);
  }
  result.train = mean_of(train);
  result.test = mean_of(test);
  result.train_std = spread(train);
  result.test_std = spread(test);
  result.seconds_train = mean_of(seconds);
  result.seeds = static_cast<std::int64_t>(runs.size());
  for (auto& [name, value] : result.extra) {
    std::vector<double> values;
    for (const Measured& run : runs) values.push_back(run.result.extra.at(name));
    value = mean_of(values);
    if (runs.size() > 1) result.extra_std[name] = spread(values);
  }
  return result;
}

std::vector<base::Curve> average_curves(const std::vector<Measured>& runs) {
  std::vector<base::Curve> curves = runs.front().curves;
  const auto count = static_cast<double>(runs.size());
  for (std::size_t c = 0; c < curves.size(); ++c) {
    for (std::size_t i = 0; i < curves[c].t.size(); ++i) {
      double mean = 0, std = 0, greatest = -std::numeric_limits<double>::infinity();
      for (const Measured& run : runs) {
        // Training curves of different seeds may differ in length when rivals train by time.
        const base::Curve& other = run.curves[c];
        const std::size_t at = std::min(i, other.t.size() - 1);
        mean += other.mean[at] / count;
        std += other.std[at] / count;
        greatest = std::max(greatest, other.max[at]);
      }
      curves[c].mean[i] = mean;
      curves[c].std[i] = std;
      curves[c].max[i] = greatest;
    }
  }
  return curves;
}

}  // namespace fathom::study
