#include "fathom/domain/pde/perturb.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>

#include "fathom/domain/pde/flow_residual.h"
#include "fathom/domain/pde/generate.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/tensor_file.h"
#include "tests/support/golden.h"

namespace fathom::pde {
namespace {

using testing::ElementsAre;

constexpr double kViscosity = 0.05;

// Two steady flows with the forcings that hold them.
struct Flows {
  Tensor forcing, vorticity;
};

Flows flows(std::int64_t grid) {
  const Generator generator({.grid = grid, .viscosity = kViscosity, .solved = {.peak = 2, .spread = 1, .size = 1e-3}},
                            3, "perturb");
  std::vector<double> forcing, vorticity;
  for (std::uint64_t i = 0; i < 2; ++i) {
    const Pair pair = generator.draw(i);
    EXPECT_TRUE(pair.solved);
    forcing.insert(forcing.end(), pair.forcing.begin(), pair.forcing.end());
    vorticity.insert(vorticity.end(), pair.vorticity.begin(), pair.vorticity.end());
  }
  return {tensor::from_doubles(forcing, {2, 2, grid, grid}, at::kDouble),
          tensor::from_doubles(vorticity, {2, grid, grid}, at::kDouble)};
}

TEST(PdePerturb, WavesAreDistinctAndAscending) {
  EXPECT_THAT(waves_of({.01, .05, .1, .3, .99, .98}, 20), ElementsAre(1, 2, 6, 19));
  EXPECT_THAT(waves_of({1}, 7), ElementsAre(7));
}

TEST(PdePerturb, EveryFlowsChangeHasTheSizeAskedFor) {
  const Flow flow(24);
  const Perturbation change = perturb(flow, flows(24).vorticity, kViscosity, 3, 0.25);
  for (std::int64_t i = 0; i < 2; ++i) EXPECT_NEAR(change.vorticity[i].norm().item<double>(), 0.25, 1e-12);
}

// The changed forcing holds the changed flow up to the square of the change.
TEST(PdePerturb, TheChangedFlowIsSteadyToSecondOrder) {
  const Flow flow(24);
  const Flows at = flows(24);
  for (const std::int64_t wave : {std::int64_t{1}, std::int64_t{4}, flow.waves()}) {
    const auto residual = [&](double size) {
      const Perturbation change = perturb(flow, at.vorticity, kViscosity, wave, size);
      return flow_residual(flow, at.forcing + change.forcing, at.vorticity + change.vorticity, kViscosity);
    };
    // sin(k (x + y)) alone is a steady flow's shape, so that its square vanishes: the residual stays at rounding.
    for (const double r : residual(1e-4)) EXPECT_LT(r, 1e-9) << wave;
    const Perturbation change = perturb(flow, at.vorticity, kViscosity, wave, 1e-4);
    const std::vector<double> without = flow_residual(flow, at.forcing, at.vorticity + change.vorticity, kViscosity);
    for (const double r : without) EXPECT_GT(r, 1e-6) << wave;
  }
}

TEST(PdePerturb, TheForceHasNoDivergence) {
  const std::int64_t n = 24;
  const Flow flow(n);
  const Tensor f = perturb(flow, flows(n).vorticity, kViscosity, 2, 0.1).forcing;
  // d_x f1 + d_y f2 = curl of (f2, -f1), as curl f = d_x f2 - d_y f1.
  const Tensor turned_1 = -f.select(1, 1), turned_2 = f.select(1, 0);
  std::vector<double> modes(static_cast<std::size_t>(flow.modes()));
  flow.curl(turned_1[0].contiguous().data_ptr<double>(), turned_2[0].contiguous().data_ptr<double>(), modes.data());
  for (const double divergence : modes) EXPECT_NEAR(divergence, 0, 1e-12);
}

TEST(FlowResidual, OfASteadyFlowIsRoundingAndOfRestIsOne) {
  const Flow flow(24);
  const Flows at = flows(24);
  for (const double r : flow_residual(flow, at.forcing, at.vorticity, kViscosity)) EXPECT_LT(r, 1e-9);
  for (const double r : flow_residual(flow, at.forcing, at.vorticity * 0, kViscosity)) EXPECT_NEAR(r, 1, 1e-12);
  for (const double r : flow_residual(flow, at.forcing.to(at::kFloat), at.vorticity.to(at::kFloat), kViscosity))
    EXPECT_LT(r, 1e-4);
}

TEST(GoldenPerturb, EqualsTheOriginals) {
  int cases = 0;
  for (const test::GoldenFile& golden : test::golden_files("pde")) {
    for (const std::string& name : golden.tensors) {
      const std::string prefix = "delta_x.";
      if (!name.starts_with(prefix)) continue;
      const std::string share = name.substr(prefix.size());
      const io::Safetensors file = io::read_safetensors(golden.path);
      const Tensor y = train::from_record(file.at("in.y"));
      const std::int64_t wave = waves_of({std::stod(share)}, y.size(1) / 2).front();
      const Perturbation ours = paper_perturb(y, std::stod(golden.metadata.at("viscosity")), wave,
                                              std::stod(golden.metadata.at("noise_level")));
      for (const auto& [mine, theirs] :
           {std::pair{ours.forcing.permute({0, 2, 3, 1}), train::from_record(file.at(name))},
            std::pair{ours.vorticity, train::from_record(file.at("delta_y." + share))}}) {
        ASSERT_EQ(mine.sizes(), theirs.sizes());
        const double scale = theirs.abs().max().item<double>();
        const std::vector<double> a = tensor::to_doubles(mine), b = tensor::to_doubles(theirs);
        for (std::size_t i = 0; i < a.size(); ++i)
          ASSERT_NEAR(a[i], b[i], 1e-4 * std::abs(b[i]) + 1e-5 * scale) << name << " " << i;
      }
      ++cases;
    }
  }
  EXPECT_GT(cases, 0);
}

}  // namespace
}  // namespace fathom::pde
