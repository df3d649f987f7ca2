#include "fathom/nn/pointwise.h"

#include <cmath>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>

namespace fathom::nn {

PointwiseConv::PointwiseConv(std::int64_t in, std::int64_t out) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight = register_parameter("weight", at::empty({out, in, 1, 1}, at::kFloat).uniform_(-bound, bound));
  bias = register_parameter("bias", at::empty({out}, at::kFloat).uniform_(-bound, bound));
}

Tensor PointwiseConv::forward(const Tensor& x) const { return at::conv2d(x, weight, bias); }

PointwiseMlp::PointwiseMlp(std::int64_t in, std::int64_t hidden, std::int64_t out) {
  mlp1 = register_module("mlp1", std::make_shared<PointwiseConv>(in, hidden));
  mlp2 = register_module("mlp2", std::make_shared<PointwiseConv>(hidden, out));
}

Tensor PointwiseMlp::forward(const Tensor& x) const { return mlp2->forward(at::gelu(mlp1->forward(x))); }

}  // namespace fathom::nn
