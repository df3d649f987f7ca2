// First and second derivatives held against central differences, in float64.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fathom/tensor/tensor.h"

#include <gtest/gtest.h>

#include "fathom/base/seed.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/convert.h"

namespace fathom::tensor {

inline Tensor random_tensor(std::vector<std::int64_t> shape, base::Random& random, at::ScalarType dtype = at::kDouble) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  std::vector<double> values(count);
  for (double& value : values) value = random.normal();
  return from_doubles(values, shape, dtype);
}

using Scalar = std::function<Tensor(const std::vector<Tensor>&)>;  // tensors -> one number

inline std::vector<Tensor> leaves(const std::vector<Tensor>& at) {
  std::vector<Tensor> out;
  for (const Tensor& x : at) out.push_back(x.detach().clone().requires_grad_(true));
  return out;
}

// d/ds f(at + s v) at s = 0 by autograd and by central differences with step h. The difference's own error is
// h^2 f'''/6 from the formula and about eps |f| / h from rounding: with h = 1e-4 both lie below 1e-7 of f's scale.
inline void expect_derivative(const Scalar& f, const std::vector<Tensor>& at, const std::string& what) {
  constexpr double kStep = 1e-4;
  base::Random random(99);
  const std::vector<Tensor> x = leaves(at);
  const Tensor value = f(x);
  const std::vector<Tensor> gradient = vjp({value}, x, {value.detach().new_ones(value.sizes())});
  double analytic = 0;
  double scale = std::abs(value.item<double>());
  std::vector<Tensor> ahead, behind;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const Tensor v = random_tensor(at[i].sizes().vec(), random);
    analytic += v.mul(gradient[i]).sum().item<double>();
    scale += v.mul(gradient[i]).abs().sum().item<double>();
    ahead.push_back(at[i].add(v, kStep));
    behind.push_back(at[i].sub(v, kStep));
  }
  const double difference = f(leaves(ahead)).item<double>() - f(leaves(behind)).item<double>();
  EXPECT_NEAR(analytic, difference / (2 * kStep), 1e-6 * scale) << what;
  EXPECT_GT(scale, 0) << what << " is checked nowhere";
}

// <df/dx, u> for fixed random u, as a function that can be differentiated again.
inline Scalar derivative_of(const Scalar& f) {
  return [f](const std::vector<Tensor>& x) {
    base::Random random(17);
    const Tensor value = f(x);
    const std::vector<Tensor> gradient = vjp({value}, x, {value.detach().new_ones(value.sizes())}, true, true);
    Tensor sum = value.new_zeros({});
    for (const Tensor& g : gradient) sum = sum.add(g.mul(random_tensor(g.sizes().vec(), random)).sum());
    return sum;
  };
}

inline void expect_derivatives(const Scalar& f, const std::vector<Tensor>& at) {
  expect_derivative(f, at, "first derivative");
  expect_derivative(derivative_of(f), at, "second derivative");
  expect_derivative(derivative_of(derivative_of(f)), at, "third derivative");
}

}  // namespace fathom::tensor
