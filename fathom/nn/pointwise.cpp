#include "fathom/nn/pointwise.h"

#include <cmath>

#include <ATen/ops/baddbmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::nn {

PointwiseConv::PointwiseConv(std::int64_t in, std::int64_t out) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight = register_parameter("weight", at::empty({out, in, 1, 1}, at::kFloat).uniform_(-bound, bound));
  bias = register_parameter("bias", at::empty({out}, at::kFloat).uniform_(-bound, bound));
}

// As products of matrices, one a sample: conv2d's gradient of the weights alone costs more than both.
Tensor PointwiseConv::forward(const Tensor& x) const {
  if (x.dim() != 4 || x.size(1) != weight.size(1)) {
    base::fail("nn::PointwiseConv", "x's shape = ({}) violates == (N, {}, H, W); fields with the layer's channels",
               fmt::join(x.sizes(), ", "), weight.size(1));
  }
  const Tensor W = weight.flatten(1).unsqueeze(0).expand({x.size(0), -1, -1});
  return at::baddbmm(bias.unsqueeze(0).unsqueeze(2), W, x.flatten(2))
      .view({x.size(0), weight.size(0), x.size(2), x.size(3)});
}

PointwiseMlp::PointwiseMlp(std::int64_t in, std::int64_t hidden, std::int64_t out) {
  mlp1 = register_module("mlp1", std::make_shared<PointwiseConv>(in, hidden));
  mlp2 = register_module("mlp2", std::make_shared<PointwiseConv>(hidden, out));
}

Tensor PointwiseMlp::forward(const Tensor& x) const { return mlp2->forward(at::gelu(mlp1->forward(x))); }

}  // namespace fathom::nn
