#include "fathom/solve/jacobian.h"

#include <cmath>
#include <memory>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/where.h>
#include <c10/core/InferenceMode.h>

#include "fathom/solve/row_tensors.h"

namespace fathom::solve {

namespace {

LinearMap by_double_backward(Evaluation& evaluation, const Tensor& y, const Rows& rows) {
  // std::function wants what it holds to be copyable.
  const auto tape = std::make_shared<tensor::Linearization>(evaluation.linearize(evaluation.state(y), rows));
  return [tape, type = y.scalar_type(), &evaluation](const Tensor& v) {
    evaluation.count_product();
    return v - tape->jvp(v.to(type)).to(v.scalar_type());
  };
}

LinearMap by_finite_difference(Evaluation& evaluation, const Tensor& y, const Tensor& g, const Rows& rows) {
  const Tensor from = widened(y), value = widened(g);
  const Tensor length = std::sqrt(evaluation.epsilon()) * (1 + at::linalg_vector_norm(from, 2, {1}, true));
  return [=, type = y.scalar_type(), &evaluation](const Tensor& v) {
    const Tensor size = at::linalg_vector_norm(v, 2, {1}, true);
    const Tensor h = length / at::where(size > 0, size, 1).to(size.scalar_type());
    const Tensor moved = evaluation.aside(evaluation.state((from + h * v).to(type)), rows);
    evaluation.count_product();
    return v - (widened(moved) - value) / h;
  };
}

}  // namespace

LinearMap one_minus_jacobian(Evaluation& evaluation, const Tensor& y, const Tensor& g, const Rows& rows,
                             const std::string& how) {
  if (how == "double_backward" && !c10::InferenceMode::is_enabled()) return by_double_backward(evaluation, y, rows);
  return by_finite_difference(evaluation, y, g, rows);
}

}  // namespace fathom::solve
