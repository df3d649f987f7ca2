// The block G of the Fourier networks: three layers, each with its own weights, that all see the injected field I.
//
//   z <- N(z)                                                 once, before the first layer
//   z <- gelu( N(mlp_j(N(conv_j(z)))) + N(w_j z) + I ),       j = 0, 1, 2
//
// conv_j is a spectral convolution, mlp_j and w_j act on the channels of every point, N is the instance norm or the
// identity.  [Marwah2023] arXiv:2312.00234, with the code's three injections.
//
// Shapes   z, I (N, w, H, W) -> (N, w, H, W); an undefined I is left out.
// Names    conv0, mlp0, w0, conv1, ...; of a stack deq_block.<d>.<those>.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/domain/pde/model_options.h"
#include "fathom/nn/pointwise.h"
#include "fathom/nn/spectral_conv.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

class BasicBlock : public torch::nn::Module {
 public:
  explicit BasicBlock(const ModelOptions& options);

  static constexpr std::size_t kLayers = 3;
  struct Layer {
    std::shared_ptr<nn::SpectralConv2d> conv;
    std::shared_ptr<nn::PointwiseMlp> mlp;
    std::shared_ptr<nn::PointwiseConv> w;
  };

  Tensor forward(const Tensor& z, const Tensor& injected) const;
  const std::array<Layer, kLayers>& layers() const { return layers_; }
  bool normalized() const { return normalize_; }

 private:
  Tensor norm(const Tensor& z) const;

  std::array<Layer, kLayers> layers_;
  bool normalize_;
};

// Blocks one after the other.
class BlockStack : public torch::nn::Module {
 public:
  explicit BlockStack(const ModelOptions& options);

  Tensor forward(const Tensor& z, const Tensor& injected) const;
  const std::vector<std::shared_ptr<BasicBlock>>& blocks() const { return blocks_; }

 private:
  std::vector<std::shared_ptr<BasicBlock>> blocks_;
};

}  // namespace fathom::pde
