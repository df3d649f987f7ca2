#include "fathom/solve/krylov.h"

#include <gtest/gtest.h>

#include <limits>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"

namespace fathom::solve {
namespace {

using testing_support::close;
using testing_support::Tol;

// One matrix a row: A (B, D, D).
LinearMap product(const Tensor& A) {
  return [A](const Tensor& v) { return at::bmm(A, v.unsqueeze(2)).squeeze(2); };
}

Tensor well_conditioned(std::int64_t batch, std::int64_t width, at::ScalarType type = at::kDouble) {
  at::manual_seed(3);
  const Tensor noise = at::randn({batch, width, width}, at::kDouble) / (3 * std::sqrt(static_cast<double>(width)));
  return (at::eye(width, at::kDouble) + noise).to(type);
}

TEST(Gmres, SolvesEveryRowWithinItsDimension) {
  const Tensor A = well_conditioned(5, 7), x = at::randn({5, 7}, at::kDouble);
  const LinearSolution s = gmres(product(A), product(A)(x), {.rtol = 1e-12, .max_iter = 50, .restart = 20});
  EXPECT_TRUE(close(s.x, x, Tol{}.plus(1e-11)));
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(s.status[row], Status::converged);
    EXPECT_LE(s.iterations[row], 7);
    EXPECT_LE(s.relative_residual[row], 1e-12);
  }
  EXPECT_EQ(s.calls, *std::max_element(s.iterations.begin(), s.iterations.end()) + 1);  // and the true residual
}

TEST(Gmres, SolvesAnIndefiniteSystemThatNoFixedPointIterationCan) {
  const Tensor A = at::diag(tensor::from_doubles({-3, -1, 2, 5}, {4}, at::kDouble)).unsqueeze(0);
  const Tensor b = at::ones({1, 4}, at::kDouble);
  const LinearSolution s = gmres(product(A), b, {.rtol = 1e-12});
  EXPECT_EQ(s.status[0], Status::converged);
  EXPECT_EQ(s.iterations[0], 4);
  EXPECT_TRUE(close(product(A)(s.x), b, Tol{}.plus(1e-12)));
}

TEST(Gmres, RestartsUntilItConverges) {
  const Tensor A = well_conditioned(3, 40), b = at::randn({3, 40}, at::kDouble);
  const LinearSolution s = gmres(product(A), b, {.rtol = 1e-10, .max_iter = 400, .restart = 5});
  for (const Status status : s.status) EXPECT_EQ(status, Status::converged);
  EXPECT_GT(s.iterations[0], 5);
  EXPECT_TRUE(close(product(A)(s.x), b, Tol{}.plus(1e-10 * std::sqrt(40))));
}

TEST(Gmres, ScaleOfTheRightHandSideDoesNotMatter) {
  const Tensor A = well_conditioned(3, 12, at::kFloat), b = at::randn({3, 12});
  const LinearSolution whole = gmres(product(A), b);
  for (const double scale : {1e-30, 1e-7, 1e20}) {
    const LinearSolution scaled = gmres(product(A), b * scale);
    EXPECT_EQ(scaled.iterations, whole.iterations);
    EXPECT_TRUE(close(scaled.x / scale, whole.x, Tol::of(at::kFloat).ops(12)));
  }
}

TEST(Gmres, ARowDoesNotDependOnItsBatchMates) {
  const Tensor A = well_conditioned(4, 9), b = at::randn({4, 9}, at::kDouble);
  const LinearSolution together = gmres(product(A), b, {.rtol = 1e-9});
  for (std::int64_t row = 0; row < 4; ++row) {
    const LinearSolution alone = gmres(product(A.narrow(0, row, 1)), b.narrow(0, row, 1), {.rtol = 1e-9});
    EXPECT_EQ(alone.iterations[0], together.iterations[row]);
    EXPECT_TRUE(close(alone.x, together.x.narrow(0, row, 1), Tol::of(at::kDouble).ops(100)));
  }
}

TEST(Gmres, ZeroRightHandSideNeedsNoProduct) {
  const LinearSolution s = gmres(product(well_conditioned(2, 3)), at::zeros({2, 3}, at::kDouble));
  EXPECT_EQ(s.calls, 0);
  EXPECT_EQ(s.status, (std::vector<Status>{Status::converged, Status::converged}));
  EXPECT_TRUE(at::equal(s.x, at::zeros({2, 3}, at::kDouble)));
}

TEST(Gmres, StartsFromAGuess) {
  const Tensor A = well_conditioned(2, 6), x = at::randn({2, 6}, at::kDouble);
  const LinearSolution s = gmres(product(A), product(A)(x), {.rtol = 1e-9}, x);
  EXPECT_EQ(s.calls, 1);
  EXPECT_EQ(s.iterations, (std::vector<std::int64_t>{0, 0}));
}

TEST(Gmres, SaysWhyARowFailed) {
  // Row 0 is singular with b outside the range, row 1 has NaN, row 2 needs more steps than it may take, row 3 is easy.
  Tensor A = well_conditioned(4, 8);
  A[0] = at::diag(tensor::from_doubles({1, 1, 1, 1, 1, 1, 1, 0}, {8}, at::kDouble));
  A[1][2][2] = std::numeric_limits<double>::quiet_NaN();
  A[3] = at::eye(8, at::kDouble);
  const LinearSolution s =
      gmres(product(A), at::ones({4, 8}, at::kDouble), {.rtol = 1e-12, .max_iter = 3, .restart = 3});
  EXPECT_EQ(s.status, (std::vector<Status>{Status::stagnated, Status::nonfinite, Status::max_iter, Status::converged}));
  EXPECT_NEAR(s.relative_residual[0], std::sqrt(1.0 / 8), 1e-12);
  EXPECT_TRUE(at::isfinite(s.x).all().item<bool>());
  EXPECT_EQ(s.iterations[3], 1);
}

TEST(Gmres, RefusesWhatIsNotASystem) {
  EXPECT_THROW(gmres(product(well_conditioned(2, 3)), at::zeros({3})), Error);
  EXPECT_THROW(gmres([](const Tensor& v) { return v.narrow(1, 0, 1); }, at::ones({2, 3})), Error);
  EXPECT_THROW(gmres(product(well_conditioned(2, 3)), at::zeros({2, 3}), {.restart = 0}), UsageError);
}

RC_GTEST_PROP(GmresProperty, ReportsTheTrueResidual, ()) {
  const auto batch = *rc::gen::inRange<std::int64_t>(1, 4), width = *rc::gen::inRange<std::int64_t>(1, 12);
  const Gmres options{.rtol = 1e-8,
                      .max_iter = *rc::gen::inRange<std::int64_t>(1, 30),
                      .restart = *rc::gen::inRange<std::int64_t>(1, 8)};
  const Tensor A = 2 * well_conditioned(batch, width) - 1.9 * at::eye(width, at::kDouble),
               b = at::randn({batch, width}, at::kDouble);
  const LinearSolution s = gmres(product(A), b, options);
  const Tensor r = at::linalg_vector_norm(b - product(A)(s.x), 2, {1}) / at::linalg_vector_norm(b, 2, {1});
  for (std::int64_t row = 0; row < batch; ++row) {
    RC_ASSERT(std::abs(s.relative_residual[row] - r[row].item<double>()) <= 1e-9);
    RC_ASSERT(s.relative_residual[row] <= 1 + 1e-9);
    RC_ASSERT((s.status[row] == Status::converged) == (s.relative_residual[row] <= options.rtol));
  }
}

}  // namespace
}  // namespace fathom::solve
