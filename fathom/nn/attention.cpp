#include "fathom/nn/attention.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tril.h>

namespace fathom::nn {

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask) {
  const Tensor by_head = q.transpose(-3, -2), keys = k.transpose(-3, -2), values = v.transpose(-3, -2);
  Tensor score = at::matmul(by_head, keys.transpose(-2, -1)) / std::sqrt(static_cast<double>(q.size(-1)));
  if (mask.defined()) score = score.masked_fill(mask.logical_not(), -std::numeric_limits<double>::infinity());
  return at::matmul(at::softmax(score, -1), values).transpose(-3, -2).flatten(-2);
}

Tensor causal_mask(std::int64_t rows, std::int64_t seen, c10::Device device) {
  return at::tril(at::ones({rows, seen}, at::TensorOptions().dtype(at::kBool).device(device)), seen - rows);
}

}  // namespace fathom::nn
