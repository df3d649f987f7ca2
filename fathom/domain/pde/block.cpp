#include "fathom/domain/pde/block.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>

#include <fmt/format.h>

#include "fathom/nn/instance_norm.h"

namespace fathom::pde {

BasicBlock::BasicBlock(const ModelOptions& options) : normalize_(options.normalize && options.kind != "fno") {
  const std::int64_t w = options.width;
  for (std::size_t j = 0; j < kLayers; ++j) {
    layers_[j] = {register_module(fmt::format("conv{}", j), std::make_shared<nn::SpectralConv2d>(w, w, options.modes)),
                  register_module(fmt::format("mlp{}", j), std::make_shared<nn::PointwiseMlp>(w, w, w)),
                  register_module(fmt::format("w{}", j), std::make_shared<nn::PointwiseConv>(w, w))};
  }
}

Tensor BasicBlock::norm(const Tensor& z) const { return normalize_ ? nn::instance_norm(z) : z; }

Tensor BasicBlock::forward(const Tensor& z, const Tensor& injected) const {
  Tensor y = norm(z);
  for (const Layer& layer : layers_) {
    Tensor sum = norm(layer.mlp->forward(norm(layer.conv->forward(y)))) + norm(layer.w->forward(y));
    if (injected.defined()) sum = sum + injected;
    y = at::gelu(sum);
  }
  return y;
}

BlockStack::BlockStack(const ModelOptions& options) {
  const auto list = register_module("deq_block", std::make_shared<torch::nn::Module>());
  for (std::int64_t d = 0; d < options.depth; ++d) {
    blocks_.push_back(list->register_module(fmt::format("{}", d), std::make_shared<BasicBlock>(options)));
  }
}

Tensor BlockStack::forward(const Tensor& z, const Tensor& injected) const {
  Tensor y = z;
  for (const std::shared_ptr<BasicBlock>& block : blocks_) y = block->forward(y, injected);
  return y;
}

}  // namespace fathom::pde
