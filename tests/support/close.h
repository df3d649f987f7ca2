// Closeness of tensors with tolerances that are derived, not guessed.
//
//   EXPECT_TRUE(close(a, b, Tol::of(at::kFloat).ops(512)));      // rounding of sums of 512 terms
//
//   EXPECT_TRUE(close(y, y_star, Tol::of(at::kFloat).plus(1e-5)));  // and a solver stopped there
#pragma once

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "fathom/tensor/convert.h"

namespace fathom::testing_support {

// Allowed error relative to the largest entry of the expected tensor: 8 eps sqrt(operations) + what
// is added.
struct Tol {
  double epsilon = 0;
  double operations = 1;
  double added = 0;

  static Tol of(at::ScalarType type) {
    switch (type) {
      case at::kDouble:
        return {std::numeric_limits<double>::epsilon()};
      case at::kFloat:
        return {std::numeric_limits<float>::epsilon()};
      case at::kHalf:
        return {0x1p-10};
      default:
        return {0x1p-7};
    }
  }
  Tol ops(double n) const { return {epsilon, n, added}; }
  Tol plus(double error) const { return {epsilon, operations, added + error}; }
  double relative() const { return 8 * epsilon * std::sqrt(operations) + added; }
};

inline testing::AssertionResult close(const Tensor& actual, const Tensor& expected, const Tol& tol) {
  if (actual.sizes() != expected.sizes()) {
    return testing::AssertionFailure() << "shape " << actual.sizes() << ", expected " << expected.sizes();
  }
  const auto a = tensor::to_doubles(actual), b = tensor::to_doubles(expected);
  double scale = 0, error = 0;
  std::size_t worst = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    scale = std::max(scale, std::abs(b[i]));
    const double difference = std::abs(a[i] - b[i]);
    if (difference <= error) continue;  // NaN goes on
    error = difference;
    worst = i;
  }
  const double allowed = tol.relative() * scale;
  if (error <= allowed) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "entry " << worst << " is " << a[worst] << ", expected " << b[worst]
                                     << ": off by " << error << ", allowed " << allowed;
}

}  // namespace fathom::testing_support
