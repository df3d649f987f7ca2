#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/generate.h"
#include "fathom/domain/pde/steady.h"
#include "fathom/tensor/convert.h"

namespace fathom::pde {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Values = std::vector<double>;

constexpr double kViscosity = 0.01;

// curl f of a random forcing of deviation `size` on a small grid.
Values forcing(const Flow& flow, double size, std::uint64_t index = 0) {
  const Generator generator({.grid = flow.grid(), .solved = {.peak = 2, .spread = 1, .size = size}}, 0, "steady test");
  const Pair pair = generator.draw(index);
  Values curl(flow.modes());
  flow.curl(pair.forcing.data(), pair.forcing.data() + flow.grid() * flow.grid(), curl.data());
  return curl;
}

double norm(const Values& a) {
  double sum = 0;
  for (const double value : a) sum += value * value;
  return std::sqrt(sum);
}

Tensor row(const Values& values) {
  return tensor::from_doubles(values, {1, static_cast<std::int64_t>(values.size())}, at::kDouble);
}

TEST(Steady, TheBranchOfAGentleForcingIsTheLimitOfTheStokesIteration) {
  const Flow flow(16);
  const Values curl_f = forcing(flow, 1e-4);
  const Steady steady = follow_stokes(flow, curl_f, kViscosity);
  EXPECT_TRUE(steady.solved);
  EXPECT_EQ(steady.amplitude, 1);
  EXPECT_EQ(steady.solves, 2) << "half the amplitude, then all of it";
  EXPECT_LE(steady.residual, 1e-11);
  EXPECT_GT(steady.products, 0);
  const Map map = steady_map(flow, row(curl_f), kViscosity);
  Tensor w = row(Values(flow.modes(), 0.0));
  for (int t = 0; t < 60; ++t) w = map(w).only();
  EXPECT_LE((w - row(steady.vorticity)).norm().item<double>(), 1e-10 * norm(steady.vorticity));
}

TEST(Steady, TheAnswerIsAFixedPointOfTheMap) {
  const Flow flow(32);
  const Values curl_f = forcing(flow, 5e-3);
  const Steady steady = follow_stokes(flow, curl_f, kViscosity);
  ASSERT_TRUE(steady.solved);
  EXPECT_LE(steady.residual, 1e-10);
  const Tensor w = row(steady.vorticity), g = steady_map(flow, row(curl_f), kViscosity)(w).only();
  EXPECT_LE((g - w).norm().item<double>(), 1e-12 * g.norm().item<double>());
}

TEST(Steady, RowsOfTheMapKnowNothingOfEachOther) {
  const Flow flow(16);
  const Tensor curl_f = at::stack({row(forcing(flow, 1e-3, 0))[0], row(forcing(flow, 1e-3, 1))[0]});
  const Map map = steady_map(flow, curl_f, kViscosity);
  EXPECT_TRUE(map.compactable());
  const Tensor w = curl_f * 3, both = map(w).only();
  for (std::int64_t i = 0; i < 2; ++i) {
    const Tensor alone = map(w.narrow(0, i, 1), Rows(tensor::from_int64s({i}, {1}))).only();
    EXPECT_TRUE(alone.equal(both.narrow(0, i, 1))) << i;
  }
}

TEST(Steady, NewtonFromNearbyNeedsFewerProductsThanTheBranch) {
  const Flow flow(32);
  const Values curl_f = forcing(flow, 5e-3);
  const Steady branch = follow_stokes(flow, curl_f, kViscosity);
  ASSERT_TRUE(branch.solved);
  Values near = branch.vorticity;
  for (double& value : near) value *= 1.001;
  const Steady again = solve_from(flow, curl_f, kViscosity, near);
  EXPECT_TRUE(again.solved);
  EXPECT_EQ(again.solves, 1);
  EXPECT_LT(again.products, branch.products);
  Values difference = again.vorticity;
  for (std::size_t i = 0; i < difference.size(); ++i) difference[i] -= branch.vorticity[i];
  EXPECT_LE(norm(difference), 1e-8 * norm(branch.vorticity));
}

TEST(Steady, NoForcingIsRest) {
  const Flow flow(8);
  const Steady steady = follow_stokes(flow, Values(flow.modes(), 0.0), kViscosity);
  EXPECT_TRUE(steady.solved);
  EXPECT_EQ(steady.residual, 0);
  EXPECT_EQ(norm(steady.vorticity), 0);
  EXPECT_EQ(steady.solves, 0);
}

TEST(Steady, AForcingFarBeyondTheBranchIsAStatusWithTheAmplitudeReached) {
  const Flow flow(16);
  const Steady steady = follow_stokes(flow, forcing(flow, 0.1), kViscosity);
  EXPECT_FALSE(steady.solved);
  EXPECT_GT(steady.amplitude, 0);
  EXPECT_LT(steady.amplitude, 1);
  EXPECT_GT(steady.residual, 1e-6);
  for (const double value : steady.vorticity) ASSERT_TRUE(std::isfinite(value));
}

TEST(Steady, NumbersThatAreNotFiniteEndAsAStatus) {
  const Flow flow(8);
  Values curl_f(flow.modes(), 1e-3);
  curl_f[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(follow_stokes(flow, curl_f, kViscosity).solved);
  EXPECT_FALSE(solve_from(flow, curl_f, kViscosity, Values(flow.modes(), 0.0)).solved);
}

TEST(Steady, RefusesWrongSizesAndViscosities) {
  const Flow flow(8);
  const Values right(flow.modes(), 0.0), wrong(7, 0.0);
  EXPECT_THAT([&] { follow_stokes(flow, wrong, kViscosity); }, ThrowsMessage<Error>(HasSubstr("curl_f = 7")));
  EXPECT_THAT([&] { solve_from(flow, right, kViscosity, wrong); }, ThrowsMessage<Error>(HasSubstr("start = 7")));
  EXPECT_THAT([&] { follow_stokes(flow, right, 0); }, ThrowsMessage<Error>(HasSubstr("viscosity = 0")));
  EXPECT_THROW(follow_stokes(flow, right, kViscosity, {.first_step = 2}), Error);
}

}  // namespace
}  // namespace fathom::pde
