#include "fathom/nn/rms_norm.h"

#include <ATen/ops/mean.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rsqrt.h>

namespace fathom::nn {

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  const Tensor wide = x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
  const Tensor scaled = wide * at::rsqrt(wide.square().mean(-1, /*keepdim=*/true) + eps);
  return scaled.to(x.scalar_type()) * weight;
}

RmsNorm::RmsNorm(std::int64_t width, double eps) : eps_(eps) {
  weight = register_parameter("weight", at::ones({width}));
}

}  // namespace fathom::nn
