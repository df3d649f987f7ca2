#include "fathom/solve/fixed_point.h"

#include <cmath>
#include <limits>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"

namespace fathom::solve {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing_support::close;
using testing_support::Tol;

constexpr double kCosine = 0.7390851332151607;

Map cosine() {
  return Map([](const Tensor& y, const Rows&) { return at::cos(y); });
}

TEST(FixedPoint, CosineByPicardAndAnderson) {
  const Tensor y0 = at::zeros({2, 3}, at::kDouble);
  const Stop stop{.rtol = 1e-12};
  for (const Solver& solver : {Solver(Picard{}), Solver(Anderson{})}) {
    const Solution solution = fixed_point(cosine(), y0, solver, stop).require();
    EXPECT_TRUE(close(solution.y.only(), at::full_like(y0, kCosine), Tol::of(at::kDouble).plus(3e-12)));
    EXPECT_EQ(solution.iterations[0], solution.calls);
  }
}

}  // namespace
}  // namespace fathom::solve
