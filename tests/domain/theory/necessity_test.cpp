#include "fathom/domain/theory/necessity.h"

#include <cmath>
#include <complex>

#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::theory {
namespace {

TEST(Necessity, HoldsForEveryFamilyAndIsAttainedByTheAffineOne) {
  for (const double mu : {0.0, 0.5, 0.99, 0.9999}) {
    for (const std::string& name : kFamilies) {
      const Necessity n = measure_necessity(make_family(name, mu, 3), mu, 3);
      EXPECT_EQ(n.converged, n.points) << name << " " << mu;
      EXPECT_LE(n.largest_ratio, 1 + 1e-3) << name << " " << mu;
      EXPECT_LE(n.largest_mu, mu * (1 + 1e-9)) << name;
    }
    const Necessity affine = measure_necessity(make_family("affine", mu, 3), mu, 3);
    EXPECT_NEAR(affine.measured * (1 - mu), 1, 1e-3);  // the origin is a point: cos 0 = 1
    EXPECT_NEAR(affine.largest_ratio, 1, 1e-3);
    const Necessity rotation = measure_necessity(make_family("rotation", mu, 3), mu, 3);
    EXPECT_NEAR(rotation.measured, 1 / std::abs(1.0 - mu * std::exp(std::complex<double>(0, 1))), 1e-3);
  }
  EXPECT_THROW(make_family("none", 0.5, 0), Error);
}

}  // namespace
}  // namespace fathom::theory
