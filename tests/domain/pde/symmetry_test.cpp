#include "fathom/domain/pde/symmetry.h"

#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>

#include "fathom/domain/pde/flow_residual.h"
#include "fathom/domain/pde/generate.h"
#include "fathom/tensor/convert.h"

namespace fathom::pde {
namespace {

constexpr double kViscosity = 0.05;

ForcedFlow steady() {
  const std::int64_t n = 16;
  const Pair pair =
      Generator({.grid = n, .viscosity = kViscosity, .solved = {.peak = 2, .spread = 1, .size = 1e-3}}, 3, "mirror")
          .draw(0);
  EXPECT_TRUE(pair.solved);
  return {tensor::from_doubles(pair.forcing, {1, 2, n, n}, at::kDouble),
          tensor::from_doubles(pair.vorticity, {1, n, n}, at::kDouble)};
}

TEST(PdeSymmetry, ImagesOfASteadyFlowAreSteadyAndAllDifferent) {
  const Flow flow(16);
  const ForcedFlow original = steady();
  std::vector<Tensor> seen;
  for (std::int64_t s = 0; s < kSymmetries; ++s) {
    const ForcedFlow image = mirrored(original, s);
    EXPECT_LT(flow_residual(flow, image.forcing, image.vorticity, kViscosity)[0], 1e-9) << s;
    for (const Tensor& other : seen) EXPECT_FALSE(image.vorticity.equal(other)) << s;
    seen.push_back(image.vorticity);
  }
}

TEST(PdeSymmetry, MirrorsAreTheirOwnInverse) {
  const ForcedFlow original = steady();
  for (const std::int64_t s : {0, 1, 2, 3, 4}) {
    const ForcedFlow twice = mirrored(mirrored(original, s), s);
    EXPECT_TRUE(twice.forcing.equal(original.forcing)) << s;
    EXPECT_TRUE(twice.vorticity.equal(original.vorticity)) << s;
  }
}

}  // namespace
}  // namespace fathom::pde
