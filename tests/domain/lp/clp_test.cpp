#include "fathom/domain/lp/clp.h"

#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/refine.h"

namespace fathom::lp {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// max 3x + 2y over x + y <= 4, x + 3y <= 7, 0 <= x <= 3: (3, 1), value 11. Duals: y1 = -2, d_x = -1.
Instance textbook() {
  return {.m = 2,
          .n = 2,
          .row = {0, 0, 1, 1},
          .column = {0, 1, 0, 1},
          .value = {1, 1, 1, 3},
          .b = {4, 7},
          .equality = {0, 0},
          .c = {-3, -2},
          .l = {0, 0},
          .u = {3, kInfinity}};
}

TEST(Simplex, SolvesATextbookProgram) {
  for (const auto method : {SimplexOptions::Method::dual, SimplexOptions::Method::primal}) {
    const SimplexResult result = simplex(textbook(), {.method = method});
    ASSERT_EQ(result.outcome, Outcome::optimal);
    EXPECT_NEAR(result.objective, -11, 1e-12);
    EXPECT_THAT(result.x, ElementsAre(3, DoubleNear(1, 1e-12)));  // a nonbasic variable is at its bound exactly
    EXPECT_THAT(result.y, ElementsAre(DoubleNear(-2, 1e-12), DoubleNear(0, 1e-12)));
    EXPECT_THAT(result.reduced_cost, ElementsAre(DoubleNear(-1, 1e-12), DoubleNear(0, 1e-12)));
    EXPECT_THAT(result.basis.variables, ElementsAre(Place::upper, Place::basic));
    EXPECT_THAT(result.basis.rows, ElementsAre(Place::upper, Place::basic));
    EXPECT_GE(result.iterations, 1);
  }
}

TEST(Simplex, StartedInItsOwnOptimalBasisNeedsNoIteration) {
  for (std::uint64_t k = 0; k < 50; ++k) {
    const Instance p = draw({}, 1, "warm", k);
    const SimplexResult cold = simplex(p);
    if (cold.outcome != Outcome::optimal) continue;
    const SimplexResult warm = simplex(p, {.method = SimplexOptions::Method::primal, .start = cold.basis});
    EXPECT_EQ(warm.outcome, Outcome::optimal);
    EXPECT_EQ(warm.iterations, 0) << k;
    EXPECT_NEAR(warm.objective, cold.objective, 1e-12 * (1 + std::abs(cold.objective)));
  }
}

TEST(Simplex, OptimaCarryTheirCertificate) {
  int optimal = 0;
  for (std::uint64_t k = 0; k < 200; ++k) {
    const Instance p = draw({.p_infinite = 0.05}, 2, "duality", k);
    const SimplexResult result = simplex(p);
    EXPECT_NE(result.outcome, Outcome::failed) << k;
    if (result.outcome != Outcome::optimal) continue;
    ++optimal;
    const Certificate certificate = certificate_of(p, result);
    EXPECT_TRUE(certificate.holds(1e-9)) << certificate.primal << " " << certificate.dual << " " << certificate.gap;
  }
  EXPECT_GT(optimal, 40);
}

TEST(Simplex, InfeasibleAndUnbounded) {
  Instance infeasible = textbook();
  infeasible.b[0] = -1;
  EXPECT_EQ(simplex(infeasible).outcome, Outcome::infeasible);
  Instance crossed = textbook();
  crossed.l[0] = 4;  // above u
  EXPECT_EQ(simplex(crossed).outcome, Outcome::infeasible);
  Instance unbounded = textbook();
  unbounded.value = {1, -1, 1, -1};
  EXPECT_EQ(simplex(unbounded).outcome, Outcome::unbounded);
}

TEST(Simplex, WithoutRowsGoesToTheBounds) {
  const Instance p{.m = 0, .n = 3, .c = {1, -1, 0}, .l = {-2, -2, 1}, .u = {5, 5, 5}};
  const SimplexResult result = simplex(p);
  ASSERT_EQ(result.outcome, Outcome::optimal);
  EXPECT_EQ(result.objective, -7);
}

TEST(Simplex, StopsAtItsLimitOfIterations) {
  const Instance p = draw({.m = 40, .n = 200, .nnz = 2000, .p_equality = 0}, 0, "limit", 0);
  ASSERT_GT(simplex(p).iterations, 5);
  const SimplexResult result = simplex(p, {.max_iterations = 2});
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_LE(result.iterations, 3);
}

TEST(Simplex, AnswersSeveralThreadsAtOnce) {
  std::vector<Instance> programs;
  std::vector<double> alone;
  for (std::uint64_t k = 0; k < 40; ++k) {
    programs.push_back(draw({}, 8, "threads", k));
    alone.push_back(simplex(programs.back()).objective);
  }
  std::vector<std::vector<double>> together(4);
  std::vector<std::thread> threads;
  for (std::vector<double>& answers : together) {
    threads.emplace_back([&programs, &answers] {
      for (const Instance& p : programs) answers.push_back(simplex(p).objective);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<double>& answers : together) EXPECT_EQ(answers, alone);
}

TEST(Simplex, RefusesAStartOfAnotherSize) {
  SimplexOptions options;
  options.start = Basis{{Place::basic}, {Place::basic}};
  try {
    simplex(textbook(), options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the start has 1 rows and 1 variables, the program 2 and 2"));
  }
}

TEST(Outcome, HasNames) {
  EXPECT_EQ(to_string(Outcome::optimal), "optimal");
  EXPECT_EQ(to_string(Outcome::infeasible), "infeasible");
  EXPECT_EQ(to_string(Outcome::unbounded), "unbounded");
  EXPECT_EQ(to_string(Outcome::failed), "failed");
}

}  // namespace
}  // namespace fathom::lp
