// What keeps a mixed step honest: rollback, the cap on the weights, the delay.
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

// One row whose iterates are recorded.
struct Recorder {
  std::vector<double> points;
  Map watch(const std::function<double(double)>& g) {
    return Map([this, g](const Tensor& y) {
      points.push_back(y.item<double>());
      return at::full({1, 1}, g(points.back()), on(at::kDouble));
    });
  }
};

Tensor start(double value) { return at::full({1, 1}, value, on(at::kDouble)); }

TEST(Safeguard, ABadMixedStepIsTakenBack) {
  // The residual is nearly constant at the start, so the secant jumps thousands away, where it is a
  // thousand times larger.
  Recorder record;
  const auto g = [](double y) { return y > 0 ? y - .5 * std::tanh(y) : .5 * y; };
  const Solution solution =
      fixed_point(record.watch(g), start(5), Anderson{}, {.rtol = 0, .atol = 1e-9, .patience = 60});
  EXPECT_TRUE(solution.converged()) << solution.message;
  EXPECT_NEAR(solution.y.only().item<double>(), 0, 2e-9);
  EXPECT_LT(record.points[2], -100);
  EXPECT_EQ(record.points[3], g(record.points[1])) << "the plain step from the best iterate";
}

TEST(Safeguard, AnInfiniteMixedStepIsTakenBack) {
  // log is not defined where the first mixed step from these starts lands; the plain iteration
  // stays inside.
  Recorder record;
  const auto g = [](double y) { return std::log(y + 1.2) + .1; };
  for (const double from : {30.0, 100.0}) {
    record.points.clear();
    const Solution solution = fixed_point(record.watch(g), start(from), Anderson{}, {.rtol = 1e-9, .max_iter = 100});
    EXPECT_TRUE(solution.converged()) << solution.message;
    const double y = solution.y.only().item<double>();
    EXPECT_NEAR(g(y), y, 1e-8);
  }
}

TEST(Safeguard, DelayTakesPlainStepsFirst) {
  Recorder record;
  const auto g = [](double y) { return std::cos(y); };
  fixed_point(record.watch(g), start(0), Anderson{.delay = 3}, {.rtol = 1e-9});
  for (int t = 0; t < 3; ++t) EXPECT_EQ(record.points[t + 1], g(record.points[t]));
  EXPECT_NE(record.points[4], g(record.points[3]));
}

TEST(Safeguard, WeightsBeyondTheCapGiveThePlainStep) {
  Recorder record;
  const auto g = [](double y) { return .9 * y + 1; };  // the secant's weight is .9 / .1
  const Stop stop{.rtol = 1e-9, .max_iter = 6};
  EXPECT_FALSE(fixed_point(record.watch(g), start(0), Anderson{.depth = 1, .max_weight = 8}, stop).converged());
  for (int t = 0; t < 5; ++t) EXPECT_EQ(record.points[t + 1], g(record.points[t]));
  EXPECT_TRUE(fixed_point(record.watch(g), start(0), Anderson{.depth = 1, .max_weight = 10}, stop).converged());
}

}  // namespace
}  // namespace fathom::solve
