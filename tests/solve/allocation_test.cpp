// What an iteration allocates once it is under way.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/Parallel.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/allocations.h"
#include "tests/support/problems.h"
#include "tests/support/tanh_cell.h"

namespace fathom::solve {
namespace {

using testing_support::allocations_of;
using testing_support::packed_tanh_map;
using testing_support::tanh_map;

constexpr std::int64_t kRows = 6, kWidth = 96;

// No tolerance, and no verdict before the last evaluation.
Stop exactly(std::int64_t iterations) {
  return {.rtol = 0, .max_iter = iterations, .patience = iterations, .divergence = 1e9};
}

// Allocations of `more` further iterations. No row is done before the last one, so that no batch is gathered.
std::int64_t of_iterations(const Map& map, const Tensor& y0, const Solver& solver, std::int64_t more) {
  const auto run = [&](std::int64_t iterations) {
    const Solution s = fixed_point(map, y0, solver, exactly(iterations));
    EXPECT_EQ(s.count(Status::max_iter), kRows) << s.message;
    EXPECT_EQ(s.calls, iterations);
  };
  allocations_of([&] { run(40); });  // whatever is made once a process, the counter's own included
  run(40 + more);                    // so that both that count find other options validated before
  const std::int64_t few = allocations_of([&] { run(40); });
  return allocations_of([&] { run(40 + more); }) - few;
}

class Allocations : public ::testing::TestWithParam<Solver> {
 protected:
  void SetUp() override {
    at::set_num_threads(1);
    at::manual_seed(3);
    // A rotation of all angles, hardly shrinking: nothing gets there in 60 iterations.
    weight = std::get<0>(at::linalg_qr(at::randn({kWidth, kWidth}, at::kDouble))) * .9999;
    input = at::randn({kRows, kWidth}, at::kDouble) * .01;
  }
  Tensor weight, input;
};

// A packed cell: nothing at all.
TEST_P(Allocations, AnIterationOfAPackedCellMakesNone) {
  const Map map = packed_tanh_map<double>(weight, input);
  EXPECT_EQ(of_iterations(map, at::zeros_like(input), GetParam(), 20), 0);
}

// A map of tensor operations: what the map itself makes, and nothing else.
TEST_P(Allocations, AnIterationOfAGenericMapMakesWhatTheMapMakes) {
  const Map map = tanh_map(weight, input);
  const State y(at::zeros_like(input));
  const Rows all;
  const at::NoGradGuard no_grad;
  map(y, all);
  const std::int64_t bare = allocations_of([&] { map(y, all); });
  ASSERT_GT(bare, 0);
  EXPECT_EQ(of_iterations(map, at::zeros_like(input), GetParam(), 20), 20 * bare);
}

INSTANTIATE_TEST_SUITE_P(Solvers, Allocations,
                         ::testing::Values(Solver(Picard{}), Solver(Picard{.damping = .9}), Solver(Anderson{}),
                                           Solver(Anderson{.depth = 12, .damping = .9})));

}  // namespace
}  // namespace fathom::solve
