#include "fathom/domain/theory/lipschitz_fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"

namespace fathom::theory {
namespace {

using Values = std::vector<double>;

double cost(const Values& f, const Values& F) {
  return std::inner_product(f.begin(), f.end(), F.begin(), 0.0, std::plus<>(),
                            [](double a, double b) { return (a - b) * (a - b); });
}

double steepness(const Values& x, const Values& f) {
  double largest = 0;
  for (std::size_t i = 1; i < x.size(); ++i) largest = std::max(largest, std::abs(f[i] - f[i - 1]) / (x[i] - x[i - 1]));
  return largest;
}

TEST(LipschitzFit, LeavesAFunctionWithinTheBoundAsItIs) {
  const Values x{0, 1, 2, 4}, F{0, 0.5, -0.4, 1};
  const Values f = best_lipschitz_fit(x, F, 1);
  for (std::size_t i = 0; i < F.size(); ++i) EXPECT_NEAR(f[i], F[i], 1e-15);
}

TEST(LipschitzFit, OfAStepHasItsClosedForm) {
  const Values f = best_lipschitz_fit({0, 1}, {0, 10}, 2);  // (4, 6): both ends give way alike
  EXPECT_NEAR(f[0], 4, 1e-14);
  EXPECT_NEAR(f[1], 6, 1e-14);
  const Values line = best_lipschitz_fit({0, 1, 2}, {9, 0, -9}, 1);
  EXPECT_NEAR(line[0], 1, 1e-14);
  EXPECT_NEAR(line[1], 0, 1e-14);
  EXPECT_NEAR(line[2], -1, 1e-14);
}

TEST(LipschitzFit, RefusesWhatIsNoFunction) {
  EXPECT_THROW(best_lipschitz_fit({0, 0}, {1, 2}, 1), Error);
  EXPECT_THROW(best_lipschitz_fit({0, 1}, {1}, 1), Error);
  EXPECT_THROW(best_lipschitz_fit({0, 1}, {1, 2}, 0), Error);
}

// The optimum of a convex problem: no feasible neighbour is better, in random directions made feasible by averaging.
RC_GTEST_PROP(LipschitzFitProperty, IsFeasibleAndNoFeasibleFunctionIsNearer, ()) {
  const auto count = static_cast<std::size_t>(*rc::gen::inRange(1, 30));
  const double L = 0.1 * *rc::gen::inRange(1, 50);
  Values x, F, other;
  for (std::size_t i = 0; i < count; ++i) {
    x.push_back((x.empty() ? 0 : x.back()) + 0.01 * *rc::gen::inRange(1, 100));
    F.push_back(0.1 * *rc::gen::inRange(-100, 100));
    const double reach = i == 0 ? 10 : L * (x[i] - x[i - 1]);
    other.push_back((other.empty() ? 0 : other.back()) + reach * 0.01 * *rc::gen::inRange(-100, 101));
  }
  const Values f = best_lipschitz_fit(x, F, L);
  RC_ASSERT(steepness(x, f) <= L * (1 + 1e-9));
  RC_ASSERT(cost(f, F) <= cost(other, F) * (1 + 1e-12) + 1e-12);
  // Towards the other feasible function the cost must not fall: <f - F, other - f> >= 0.
  double slope = 0;
  for (std::size_t i = 0; i < count; ++i) slope += (f[i] - F[i]) * (other[i] - f[i]);
  RC_ASSERT(slope >= -1e-9 * (1 + cost(f, F) + cost(other, F)));
}

}  // namespace
}  // namespace fathom::theory
