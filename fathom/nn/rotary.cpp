#include "fathom/nn/rotary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>

#include "fathom/base/error.h"

namespace fathom::nn {

RotaryTable RotaryTable::at(const Tensor& positions) const {
  return {cos.index_select(0, positions), sin.index_select(0, positions)};
}

RotaryTable rotary_table(std::int64_t positions, std::int64_t head_dim, double base) {
  base::require(head_dim % 2 == 0, "nn::rotary_table", "head_dim", head_dim, "even", "channels are turned in pairs");
  const Tensor exponent = at::arange(0, head_dim, 2, at::kFloat) / static_cast<double>(head_dim);
  const Tensor frequency = at::pow(base, exponent).reciprocal();
  const Tensor angle = at::outer(at::arange(positions, at::kFloat), frequency);
  return {at::cos(angle), at::sin(angle)};
}

Tensor rotate(const Tensor& x, const RotaryTable& at_rows, RotaryPairs pairs) {
  const Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  const Tensor c = at_rows.cos.unsqueeze(-2), s = at_rows.sin.unsqueeze(-2);
  if (pairs == RotaryPairs::neighbours) {
    const Tensor split = wide.unflatten(-1, {-1, 2});
    const Tensor a = split.select(-1, 0), b = split.select(-1, 1);
    return at::stack({a * c - b * s, b * c + a * s}, -1).flatten(-2).to(x.scalar_type());
  }
  const std::int64_t half = x.size(-1) / 2;
  const Tensor a = wide.narrow(-1, 0, half), b = wide.narrow(-1, half, half);
  return at::cat({a * c - b * s, b * c + a * s}, -1).to(x.scalar_type());
}

}  // namespace fathom::nn
