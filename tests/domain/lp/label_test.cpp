#include "fathom/domain/lp/label.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/quality.h"
#include "fathom/io/safetensors.h"
#include "tests/support/golden.h"

namespace fathom::lp {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double norm(const std::vector<double>& x) {
  double square = 0;
  for (const double value : x) square += value * value;
  return std::sqrt(square);
}

// min x1 + x2 over x1 + x2 = 2, 0 <= x <= 3: the solutions are a segment.
Instance segment() {
  return {.m = 1,
          .n = 2,
          .row = {0, 0},
          .column = {0, 1},
          .value = {1, 1},
          .b = {2},
          .equality = {1},
          .c = {1, 1},
          .l = {0, 0},
          .u = {3, 3}};
}

TEST(Label, IsTheMiddleOfASegmentOfSolutions) {
  const Label label = minimum_norm_label(segment());
  ASSERT_EQ(label.outcome, Outcome::optimal);
  EXPECT_FALSE(label.unique);
  EXPECT_TRUE(label.least_norm);
  EXPECT_NEAR(label.x[0], 1, 1e-9);
  EXPECT_NEAR(label.x[1], 1, 1e-9);
  EXPECT_NEAR(label.objective, 2, 1e-9);
}

TEST(Label, AVertexLabelOfSeveralSolutionsSaysSo) {
  const Label label = vertex_label(segment());
  ASSERT_EQ(label.outcome, Outcome::optimal);
  EXPECT_FALSE(label.unique);
  EXPECT_FALSE(label.least_norm);
  EXPECT_NEAR(norm(label.x), 2, 1e-12);  // (2, 0) or (0, 2)
}

TEST(Label, WithoutCostsIsTheFeasiblePointNearestToTheOrigin) {
  Instance p = segment();
  p.c = {0, 0};
  p.equality = {0};  // x1 + x2 <= 2 holds at the origin
  const Label label = minimum_norm_label(p);
  ASSERT_EQ(label.outcome, Outcome::optimal);
  EXPECT_FALSE(label.unique);
  EXPECT_EQ(label.x, (std::vector<double>{0, 0}));
}

// The vertex is degenerate (three lines through one point) and has a nonbasic variable at no cost, yet is alone.
TEST(Label, ADegenerateVertexThatIsAloneIsUnique) {
  const Instance p{.m = 2,
                   .n = 2,
                   .row = {0, 0, 1},
                   .column = {0, 1, 0},
                   .value = {1, 1, 1},
                   .b = {0, 0},
                   .equality = {1, 0},
                   .c = {0, 0},
                   .l = {0, 0},
                   .u = {5, 5}};
  const Label label = minimum_norm_label(p);
  ASSERT_EQ(label.outcome, Outcome::optimal);
  EXPECT_TRUE(label.unique);
  EXPECT_NEAR(norm(label.x), 0, 1e-12);
}

TEST(Label, InfeasibleAndUnboundedAreOutcomes) {
  Instance infeasible = segment();
  infeasible.b = {7};
  EXPECT_EQ(minimum_norm_label(infeasible).outcome, Outcome::infeasible);
  Instance unbounded = segment();
  unbounded.equality = {0};
  unbounded.l = {-kInfinity, 0};
  EXPECT_EQ(minimum_norm_label(unbounded).outcome, Outcome::unbounded);
}

// Costs that are rounded to zero leave a face of solutions; the minimum-norm one is feasible, optimal and no longer
// than the vertex, and moving along the face lengthens it.
TEST(Label, OnRandomProgramsWithManySolutionsIsOptimalAndShort) {
  const GenerateOptions options;
  int several = 0;
  for (std::uint64_t k = 0; k < 300; ++k) {
    Instance p = draw(options, 5, "several", k);
    for (std::int64_t j = 0; j < p.n; j += 2) p.c[j] = 0;
    const Label vertex = vertex_label(p), label = minimum_norm_label(p);
    ASSERT_EQ(label.outcome, vertex.outcome);
    if (label.outcome != Outcome::optimal) continue;
    several += !label.unique;
    EXPECT_TRUE(label.least_norm) << k;
    EXPECT_LE(violation(p, label.x), 1e-9 * (1 + norm(label.x)));
    EXPECT_NEAR(objective(p, label.x), vertex.objective, 1e-9 * (1 + std::abs(vertex.objective)));
    EXPECT_LE(norm(label.x), norm(vertex.x) * (1 + 1e-9));
    // First-order optimality: x'(v - x) >= 0 for every other solution v, here the vertex.
    double product = 0;
    for (std::size_t j = 0; j < label.x.size(); ++j) product += label.x[j] * (vertex.x[j] - label.x[j]);
    EXPECT_GE(product, -1e-8 * (1 + norm(vertex.x) * norm(vertex.x))) << k;
  }
  EXPECT_GT(several, 100);
}

// ---- parity with the label file of the fixture set

struct LabelCases {
  std::vector<Instance> instances;
  std::vector<std::int64_t> status, unique;
  std::vector<double> objective, x;
};

template <class Value>
std::vector<Value> slice(const std::vector<Value>& all, std::size_t k, std::int64_t length) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(k) * length;
  return {begin, begin + length};
}

// Nonzeros come in any order; Instance wants them by row and column.
void set_nonzeros(Instance& p, const std::vector<std::int64_t>& edges, const std::vector<double>& values) {
  std::map<std::pair<std::int64_t, std::int64_t>, double> sorted;
  const std::size_t count = values.size();
  for (std::size_t e = 0; e < count; ++e) sorted[{edges[e], edges[count + e]}] += values[e];
  for (const auto& [position, value] : sorted) {
    p.row.push_back(position.first);
    p.column.push_back(position.second);
    p.value.push_back(value);
  }
}

LabelCases read_cases(const std::filesystem::path& path) {
  const io::Safetensors file = io::read_safetensors(path);
  const auto doubles = [&](const char* name) { return io::to_doubles(file.at(name)); };
  const std::vector<double> b = doubles("b"), c = doubles("c"), l = doubles("lb"), u = doubles("ub"),
                            value = doubles("ev");
  const std::vector<std::int64_t> circ = io::to_int64s(file.at("circ")), edges = io::to_int64s(file.at("ei"));
  LabelCases cases{
      {}, io::to_int64s(file.at("status")), io::to_int64s(file.at("is_unique")), doubles("obj"), doubles("x")};
  const std::int64_t m = file.at("b").shape[1], n = file.at("c").shape[1], nnz = file.at("ev").shape[1];
  for (std::size_t k = 0; k < cases.status.size(); ++k) {
    Instance p{.m = m, .n = n, .b = slice(b, k, m), .c = slice(c, k, n), .l = slice(l, k, n), .u = slice(u, k, n)};
    for (const std::int64_t sense : slice(circ, k, m)) p.equality.push_back(sense != 0);
    set_nonzeros(p, slice(edges, k, 2 * nnz), slice(value, k, nnz));
    cases.instances.push_back(std::move(p));
  }
  return cases;
}

std::vector<LabelCases> all_cases() {
  std::vector<LabelCases> all;
  for (const test::GoldenFile& file : test::golden_files("lp")) {
    if (file.has("ei") && file.has("ev") && file.has("circ")) all.push_back(read_cases(file.path));
  }
  return all;
}

TEST(GoldenLabels, TheFixtureSetHoldsLabelCases) { EXPECT_FALSE(all_cases().empty()); }

TEST(GoldenLabels, StatusObjectiveAndUniqueSolutionsMatch) {
  for (const LabelCases& cases : all_cases()) {
    for (std::size_t k = 0; k < cases.instances.size(); ++k) {
      SCOPED_TRACE(testing::Message() << "program " << k);
      const Instance& p = cases.instances[k];
      const Label label = minimum_norm_label(p);
      // scipy's codes: 0 optimal, 2 infeasible, 3 unbounded.
      const Outcome expected = cases.status[k] == 0   ? Outcome::optimal
                               : cases.status[k] == 2 ? Outcome::infeasible
                                                      : Outcome::unbounded;
      ASSERT_EQ(label.outcome, expected);
      if (expected != Outcome::optimal) continue;
      const std::vector<double> reference = slice(cases.x, k, p.n);
      const double scale = 1 + norm(reference);
      EXPECT_NEAR(label.objective, cases.objective[k], 1e-9 * std::abs(cases.objective[k]));
      EXPECT_LE(violation(p, label.x), 1e-9 * scale);
      EXPECT_LE(norm(label.x), norm(reference) + 1e-9 * scale);
      if (!cases.unique[k]) continue;
      for (std::int64_t j = 0; j < p.n; ++j) EXPECT_NEAR(label.x[j], reference[j], 1e-9 * scale) << "variable " << j;
    }
  }
}

}  // namespace
}  // namespace fathom::lp
