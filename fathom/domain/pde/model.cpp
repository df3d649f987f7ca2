#include "fathom/domain/pde/model.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/packed_block.h"
#include "fathom/nn/instance_norm.h"
#include "fathom/tensor/device.h"

namespace fathom::pde {

Lift::Lift(std::int64_t in, std::int64_t out) {
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  weight_ = register_parameter("weight", at::empty({out, in}, at::kFloat).uniform_(-bound, bound));
  bias_ = register_parameter("bias", at::empty({out}, at::kFloat).uniform_(-bound, bound));
}

Tensor Lift::forward(const Tensor& x) const { return at::conv2d(x, weight_.unsqueeze(2).unsqueeze(3), bias_); }

FourierModel::FourierModel(const ModelOptions& options) : options_(options) {
  const std::int64_t w = options.width;
  fc_ = register_module("fc", std::make_shared<Lift>(options.inputs(), w));
  conv_ = register_module("conv", std::make_shared<nn::SpectralConv2d>(w, w, options.modes));
  mlp_ = register_module("mlp", std::make_shared<nn::PointwiseMlp>(w, w, w));
  w0_ = register_module("w0", std::make_shared<nn::PointwiseConv>(w, w));
  blocks_ = register_module("deq_block", std::make_shared<BlockStack>(options));
  q_ = register_module("q", std::make_shared<nn::PointwiseMlp>(w, 4 * w, 1));
}

Tensor FourierModel::norm(const Tensor& z) const { return options_.normalize ? nn::instance_norm(z) : z; }

Tensor FourierModel::lift(const Tensor& x) const {
  if (x.dim() != 4 || x.size(1) != options_.inputs()) {
    base::fail("pde::FourierModel", "x's shape = ({}) violates == (N, {}, H, W); the forcing{}",
               fmt::join(x.sizes(), ", "), options_.inputs(), options_.coordinates ? " and the coordinates" : "");
  }
  const Tensor lifted = fc_->forward(x);
  if (options_.padding == 0) return lifted;
  return at::constant_pad_nd(lifted, {0, options_.padding, 0, options_.padding});
}

Tensor FourierModel::decode(const Tensor& z) const {
  const Tensor sum = norm(mlp_->forward(norm(conv_->forward(z)))) + norm(w0_->forward(z));
  const std::int64_t p = options_.padding;
  const Tensor inner = sum.narrow(2, 0, sum.size(2) - p).narrow(3, 0, sum.size(3) - p);
  return q_->forward(inner).squeeze(1);
}

Map FourierModel::map(const Tensor& injected) const {
  Map map([blocks = blocks_, injected](const Tensor& z, const Rows& rows) {
    return blocks->forward(z, rows.of(injected));
  });
  const bool same_type = injected.scalar_type() == w0_->weight.scalar_type();
  if (!injected.device().is_cpu() || !same_type || 2 * options_.modes > injected.size(2)) return map;
  if (injected.scalar_type() == at::kFloat) map.packed_as<float>(pack_blocks<float>(*blocks_, injected));
  if (injected.scalar_type() == at::kDouble) map.packed_as<double>(pack_blocks<double>(*blocks_, injected));
  return map;
}

State FourierModel::start(const Tensor& injected) const { return at::zeros_like(injected.detach()); }

Tensor FourierModel::forward(const Tensor& x, std::int64_t iterations) const {
  const Tensor injected = lift(x);
  if (options_.kind == "fno") return decode(nn::instance_norm(blocks_->forward(injected, {})));
  if (options_.kind == "fno++") return decode(blocks_->forward(at::zeros_like(injected), injected));
  Tensor z = at::zeros_like(injected);
  for (std::int64_t t = 0; t < iterations; ++t) z = blocks_->forward(z, injected);
  return decode(z);
}

bool is_complex(const std::string& name) { return name.ends_with(".weights1") || name.ends_with(".weights2"); }

std::shared_ptr<FourierModel> make_model(const ModelOptions& options, std::uint64_t seed) {
  tensor::seed(seed);
  return std::make_shared<FourierModel>(options);
}

}  // namespace fathom::pde
