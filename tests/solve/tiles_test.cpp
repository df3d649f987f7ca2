// The three ways to solve one map: tensor operations, a packed cell on the whole batch, and tile by tile.
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/tiles.h"
#include "tests/support/problems.h"
#include "tests/support/tanh_cell.h"

namespace fathom::solve {
namespace {

using testing_support::on;
using testing_support::packed_tanh_map;
using testing_support::symmetric;
using testing_support::tanh_map;
using testing_support::TanhCell;

constexpr std::int64_t kRows = 150, kWidth = 20;

template <class T>
class Tiles : public ::testing::Test {
 protected:
  static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;

  // Inputs of very different size, so that rows need very different numbers of iterations; radius .95.
  Tiles() {
    at::set_num_threads(1);
    at::manual_seed(5);
    weight = symmetric(kWidth, .95, kType);
    input = at::randn({kRows, kWidth}, on(kType)) * at::logspace(-2, 1, kRows, 10.0, on(kType)).unsqueeze(1);
    y0 = at::zeros_like(input);
  }
  Stop stop() const { return {.rtol = kType == at::kDouble ? 1e-10 : 1e-5, .max_iter = 1000}; }
  Map packed() const { return packed_tanh_map<T>(weight, input); }

  Tensor weight, input, y0;
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Tiles, Types);

void expect_same(const Solution& a, const Solution& b) {
  EXPECT_TRUE(at::allclose(a.y.only(), b.y.only(), 0, 0, /*equal_nan=*/true));
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.iterations, b.iterations);
  EXPECT_EQ(a.residual, b.residual);
  EXPECT_EQ(a.relative, b.relative);
  const auto outcome = [](const Solution& s) { return s.message.substr(0, s.message.find(" in ")); };  // then calls
  EXPECT_EQ(outcome(a), outcome(b));
}

const std::vector<Solver>& solvers() {
  static const std::vector<Solver> all{Picard{}, Picard{.damping = .8}, Anderson{}, Anderson{.depth = 9},
                                       Anderson{.damping = .9, .delay = 2}};
  return all;
}

TYPED_TEST(Tiles, GiveTheBitsOfTheWholeBatch) {
  for (const Solver& solver : solvers()) {
    SCOPED_TRACE(solver.index());
    ASSERT_TRUE(solves_by_tiles(this->packed(), this->y0, solver, this->stop(), {}, {}));
    const Solution tiles = fixed_point(this->packed(), this->y0, solver, this->stop());
    const Solution batch = fixed_point(this->packed(), this->y0, solver, this->stop(), {.tiles = false});
    expect_same(tiles, batch);
    EXPECT_TRUE(tiles.converged()) << tiles.message;
  }
}

// Rows that are done make room: the tiles evaluate what the answers count, and almost nothing else.
TYPED_TEST(Tiles, WasteNothing) {
  const Solution s = fixed_point(this->packed(), this->y0, Anderson{}, this->stop());
  std::int64_t counted = 0, most = 0;
  for (const std::int64_t n : s.iterations) {
    counted += n;
    most = std::max(most, n);
  }
  EXPECT_GE(s.rows_evaluated, counted);
  EXPECT_LE(s.rows_evaluated, counted + counted / 20);
  EXPECT_GT(most * kRows, 2 * counted);  // the batch as one block would have cost twice that
}

// The same fixed points as by tensor operations: both residuals are below rtol ||G||, so that the answers differ by at
// most 2 rtol ||G|| / (1 - .95), and ||G|| <= sqrt(d).
TYPED_TEST(Tiles, AgreeWithTensorOperations) {
  for (const Solver& solver : solvers()) {
    const Solution tiles = fixed_point(this->packed(), this->y0, solver, this->stop());
    const Solution generic = fixed_point(tanh_map(this->weight, this->input), this->y0, solver, this->stop());
    ASSERT_TRUE(generic.converged());
    const double bound = 2 * this->stop().rtol * std::sqrt(static_cast<double>(kWidth)) / (1 - .95);
    EXPECT_LE((tiles.y.only() - generic.y.only()).norm(2, 1).max().template item<double>(), bound);
    for (std::int64_t row = 0; row < kRows; ++row) EXPECT_NEAR(tiles.iterations[row], generic.iterations[row], 2);
  }
}

// Rows that never converge, diverge or are not finite, among rows that do.
TYPED_TEST(Tiles, KeepEveryStatus) {
  using T = TypeParam;
  Tensor start = this->y0.clone();
  start[10].fill_(std::numeric_limits<T>::quiet_NaN());
  const Stop few{.rtol = this->stop().rtol, .max_iter = 30};
  for (const Solver& solver : solvers()) {
    const Solution tiles = fixed_point(this->packed(), start, solver, few);
    expect_same(tiles, fixed_point(this->packed(), start, solver, few, {.tiles = false}));
    EXPECT_EQ(tiles.status[10], Status::nonfinite);
    EXPECT_EQ(tiles.count(Status::nonfinite), 1);
    EXPECT_GT(tiles.count(Status::converged), 0);
  }
  EXPECT_GT(fixed_point(this->packed(), start, Picard{}, few).count(Status::max_iter), 0);
}

TYPED_TEST(Tiles, DoNotDependOnThreads) {
  const Solution one = fixed_point(this->packed(), this->y0, Anderson{}, this->stop());
  at::set_num_threads(3);
  const Solution three = fixed_point(this->packed(), this->y0, Anderson{}, this->stop());
  at::set_num_threads(1);
  expect_same(one, three);
}

TYPED_TEST(Tiles, ARowAloneHasTheSameBits) {
  using T = TypeParam;
  const Solution whole = fixed_point(this->packed(), this->y0, Anderson{}, this->stop());
  for (const std::int64_t row : {0, 1, 77, 149}) {
    const Tensor own = this->input.narrow(0, row, 1);
    const Solution alone =
        fixed_point(packed_tanh_map<T>(this->weight, own), at::zeros_like(own), Anderson{}, this->stop());
    EXPECT_TRUE(at::equal(alone.y.only()[0], whole.y.only()[row]));
    EXPECT_EQ(alone.iterations[0], whole.iterations[row]);
  }
}

// What a tile cannot give is solved otherwise, with the same answer.
TYPED_TEST(Tiles, StandBackForWhatTheyCannotDo) {
  const Map map = this->packed();
  EXPECT_FALSE(solves_by_tiles(map, this->y0, Broyden{}, {}, {}, {}));
  EXPECT_FALSE(solves_by_tiles(map, this->y0, Anderson{.type = 1}, {}, {}, {}));
  EXPECT_FALSE(solves_by_tiles(map, this->y0, Picard{}, {.seconds = 1}, {}, {}));
  EXPECT_FALSE(solves_by_tiles(map, this->y0, Picard{}, {}, {}, {.residuals = true}));
  EXPECT_FALSE(solves_by_tiles(tanh_map(this->weight, this->input), this->y0, Picard{}, {}, {}, {}));
  const Solution traced = fixed_point(map, this->y0, Anderson{}, this->stop(), {}, {.residuals = true, .keep = {0, 3}});
  expect_same(traced, fixed_point(map, this->y0, Anderson{}, this->stop()));
  EXPECT_EQ(traced.trace.iterates.size(), 2U);
  const Solution broyden = fixed_point(map, this->y0, Broyden{}, this->stop());
  EXPECT_TRUE(broyden.converged()) << broyden.message;
}

TEST(TilesErrors, ACellOfAnotherBatchIsRefused) {
  const Tensor weight = symmetric(4, .5, at::kFloat), input = at::randn({3, 4});
  const Map map = packed_tanh_map<float>(weight, input);
  EXPECT_THAT(
      [&] {
        fixed_point(map, at::zeros({5, 4}), Picard{});
      },
      ::testing::ThrowsMessage<Error>(
          ::testing::HasSubstr("the map is packed for 3 samples of 4 numbers, the state has 5 of 4")));
}

// Any order of the samples: a permuted batch gives the permuted answer, bit for bit.
RC_GTEST_PROP(TilesProperty, APermutedBatchGivesThePermutedAnswer, (std::uint32_t seed)) {
  at::set_num_threads(1);
  at::manual_seed(seed);
  const Tensor weight = symmetric(8, .9, at::kFloat), input = at::randn({100, 8}), y0 = at::randn({100, 8});
  const Tensor order = at::randperm(100);
  const auto solved = [&](const Tensor& x, const Tensor& start) {
    return fixed_point(packed_tanh_map<float>(weight, x), start, Anderson{}, {.rtol = 1e-5}).y.only();
  };
  const Tensor straight = solved(input, y0);
  RC_ASSERT(
      at::equal(straight.index_select(0, order), solved(input.index_select(0, order), y0.index_select(0, order))));
}

}  // namespace
}  // namespace fathom::solve
