// Fourier networks from a forcing to a vorticity: lift, blocks iterated or applied once, decoder.
//
//   I  = pad(fc x)                                                         lift
//   z* = G(z*, I)  |  N(blocks(I))  |  blocks(0, I)                        implicit | fno | fno++  (block.h)
//   w  = q( crop( N(mlp(N(conv(z*)))) + N(w0 z*) ) )                       decode
//
// Shapes   x (N, 2, H, W) forcing, (N, 4, H, W) with coordinates; z (N, w, H + p, W + p); answer (N, H, W). Any H and W
//          with 2 modes <= H + p and modes <= (W + p)/2 + 1: the weights belong to frequencies, not to points.
// Names    fc, conv, mlp, w0, deq_block.deq_block.<d>.*, q: those of the original's state_dict, complex weights as
//          pairs.
// Cost     a block: three spectral convolutions, nine products of w x w at every point.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/nn/module.h>

#include "fathom/domain/pde/block.h"
#include "fathom/domain/pde/model_options.h"
#include "fathom/tensor/map.h"

namespace fathom::pde {

// fc: a linear map of the channels, weight (out, in), bias (out).
class Lift : public torch::nn::Module {
 public:
  Lift(std::int64_t in, std::int64_t out);
  Tensor forward(const Tensor& x) const;

 private:
  Tensor weight_, bias_;
};

class FourierModel : public torch::nn::Module {
 public:
  // Random numbers from libtorch's generator.
  explicit FourierModel(const ModelOptions& options);

  const ModelOptions& options() const { return options_; }
  Tensor lift(const Tensor& x) const;
  Tensor decode(const Tensor& z) const;

  // implicit: z -> G(z, I), compactable; it holds the injection, and the model's weights by reference. On the CPU it
  // carries a packed map (packed_block.h) with the weights as they are now.
  Map map(const Tensor& injected) const;
  State start(const Tensor& injected) const;  // zeros

  // The answer of an explicit network; of an implicit one that after so many plain iterations.
  Tensor forward(const Tensor& x, std::int64_t iterations = 0) const;

  // Parts, for whoever wants to look inside.
  const nn::SpectralConv2d& conv() const { return *conv_; }
  const nn::PointwiseMlp& mlp() const { return *mlp_; }
  const nn::PointwiseMlp& read_out() const { return *q_; }
  const BlockStack& blocks() const { return *blocks_; }

 private:
  Tensor norm(const Tensor& z) const;

  ModelOptions options_;
  std::shared_ptr<Lift> fc_;
  std::shared_ptr<BlockStack> blocks_;
  std::shared_ptr<nn::SpectralConv2d> conv_;
  std::shared_ptr<nn::PointwiseMlp> mlp_, q_;
  std::shared_ptr<nn::PointwiseConv> w0_;
};

// Whether the parameter of that name holds complex numbers as pairs of reals (train::Task::paired).
bool is_complex(const std::string& name);

// Seeds libtorch, then draws the weights.
std::shared_ptr<FourierModel> make_model(const ModelOptions& options, std::uint64_t seed);

}  // namespace fathom::pde
