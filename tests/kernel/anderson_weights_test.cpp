// The mixing weights against what defines them: the residual of the least-squares problem.
#include "fathom/kernel/anderson_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/base/seed.h"
#include "tests/kernel/targets.h"

namespace fathom::kernel {
namespace {

std::vector<double> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<double> x(count);
  for (double& value : x) value = random.normal();
  return x;
}

double dot(const double* a, const double* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

GramBatch all_lanes(double value) {
  GramBatch batch;
  for (auto& lanes : batch.gram) std::fill(std::begin(lanes), std::end(lanes), value);
  for (auto& lanes : batch.rhs) std::fill(std::begin(lanes), std::end(lanes), value);
  return batch;
}

// The columns of a matrix, its Gram matrix and right-hand side.
struct LeastSquares {
  std::int64_t rows, count;
  std::vector<double> columns, r, gram, rhs;

  LeastSquares(std::int64_t rows_of, std::vector<double> column_values, std::vector<double> r_of)
      : rows(rows_of),
        count(static_cast<std::int64_t>(column_values.size()) / rows_of),
        columns(std::move(column_values)),
        r(std::move(r_of)) {
    for (std::int64_t i = 0; i < count; ++i) {
      rhs.push_back(dot(&columns[i * rows], r.data(), rows));
      for (std::int64_t j = 0; j < count; ++j) gram.push_back(dot(&columns[i * rows], &columns[j * rows], rows));
    }
  }
  std::vector<double> weights(double ridge) const {
    std::vector<double> gamma(count);
    GramBatch batch = all_lanes(std::numeric_limits<double>::quiet_NaN());
    put(batch, 0);
    double lanes[kMaxDepth][GramBatch::kRows];
    EXPECT_EQ(anderson_weights(batch, 1, ridge, lanes), 1U);
    for (std::int64_t i = 0; i < count; ++i) gamma[i] = lanes[i][0];
    return gamma;
  }
  void put(GramBatch& batch, int lane) const {
    batch.count = count;
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) batch.at(i, j, lane) = gram[i * count + j];
      batch.rhs[i][lane] = rhs[i];
    }
  }
  // DR'(r - DR gamma), column by column over its size: zero at the least-squares solution.
  double optimality(const std::vector<double>& gamma) const {
    std::vector<double> left = r;
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t i = 0; i < rows; ++i) left[i] -= gamma[c] * columns[c * rows + i];
    }
    double worst = 0;
    for (std::int64_t c = 0; c < count; ++c) {
      worst = std::max(worst,
                       std::abs(dot(&columns[c * rows], left.data(), rows)) / std::sqrt(gram[c * count + c] + 1e-300));
    }
    return worst;
  }
};

TEST(AndersonWeights, SolveTheLeastSquaresProblem) {
  for (std::int64_t count = 1; count <= kMaxDepth; ++count) {
    const LeastSquares problem(80, normals(80 * count, 6), normals(80, 7));
    EXPECT_LT(problem.optimality(problem.weights(0)), 1e-12) << count;
  }
}

TEST(AndersonWeights, TheScalesOfTheColumnsDoNotMatter) {
  auto columns = normals(20 * 3, 8);
  const LeastSquares even(20, columns, normals(20, 9));
  const double scale[] = {1e-12, 1, 1e9};
  for (std::int64_t i = 0; i < 60; ++i) columns[i] *= scale[i / 20];
  const LeastSquares uneven(20, columns, normals(20, 9));
  const auto a = even.weights(1e-8), b = uneven.weights(1e-8);
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(b[c] * scale[c], a[c], 1e-10 * std::abs(a[c]));
}

TEST(AndersonWeights, DependentAndZeroColumnsAreTruncated) {
  auto columns = normals(20 * 2, 10);
  for (int i = 0; i < 20; ++i) columns.push_back(2 * columns[i] - columns[20 + i]);  // depends on both
  columns.resize(80, 0.0);                                                           // and a zero column
  const LeastSquares problem(20, columns, normals(20, 11));
  const auto gamma = problem.weights(0);
  EXPECT_LT(problem.optimality(gamma), 1e-7);
  EXPECT_EQ(std::count(gamma.begin(), gamma.end(), 0.0), 2);
  for (const double weight : gamma) EXPECT_LT(std::abs(weight), 10);
}

TEST(AndersonWeights, TheRidgeBoundsThem) {
  // Two columns that differ by 1e-6: without a ridge the weights are huge.
  auto columns = normals(20, 12);
  const auto noise = normals(20, 13);
  for (int i = 0; i < 20; ++i) columns.push_back(columns[i] + 1e-6 * noise[i]);
  const LeastSquares problem(20, columns, normals(20, 14));
  EXPECT_GT(std::abs(problem.weights(0)[0]), 1e4);
  EXPECT_LT(std::abs(problem.weights(1e-6)[0]), 1e3);
}

TEST(AndersonWeights, NumbersThatAreNotFiniteAreRefused) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  GramBatch batch = all_lanes(1);
  batch.count = 1;
  batch.at(0, 0, 2) = kNan;
  batch.rhs[0][5] = kNan;
  batch.at(0, 0, 6) = std::numeric_limits<double>::infinity();
  double gamma[kMaxDepth][GramBatch::kRows];
  EXPECT_EQ(anderson_weights(batch, 8, 0, gamma), 0b10011011U);
  EXPECT_EQ(gamma[0][0], 1);
  EXPECT_EQ(anderson_weights(batch, 2, 0, gamma), 0b11U);
}

// Easy and nearly singular systems in any lane, beside any others: the same bits.
TEST(AndersonWeights, ALaneDoesNotDependOnTheOthers) {
  for_each_target([] {
    std::vector<LeastSquares> problems;
    for (int p = 0; p < 8; ++p) {
      auto columns = normals(40 * 4, 20 + p);
      if (p % 3 == 1) std::copy_n(columns.begin(), 40, columns.begin() + 80);  // two equal columns: needs pivots
      problems.emplace_back(40, columns, normals(40, 30 + p));
    }
    GramBatch batch;
    for (int lane = 0; lane < 8; ++lane) problems[lane].put(batch, lane);
    double gamma[kMaxDepth][GramBatch::kRows];
    EXPECT_EQ(anderson_weights(batch, 8, 1e-12, gamma), 0xffU);
    for (int lane = 0; lane < 8; ++lane) {
      const auto alone = problems[lane].weights(1e-12);
      for (int i = 0; i < 4; ++i) EXPECT_EQ(gamma[i][lane], alone[i]) << lane;
    }
  });
}

}  // namespace
}  // namespace fathom::kernel
