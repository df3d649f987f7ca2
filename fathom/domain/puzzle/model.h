// Networks that answer a puzzle cell by cell.
//
//   LoopedNet   any network that iterates one block with recall and outer norm. Here, on fields of cells, FieldNet
//               [Bansal2022] arXiv:2202.05826, [Anil2022]; sudoku_net.h has the one for Sudoku:
//                 u = relu(R h + I x),  v = relu(u + B relu(A u)),  G(h, x) = v / rms(v over the channels)
//               h_0 = relu(S x); logits C relu(D h). Every product is a convolution, 3 x 3 (1 x 3 for bit strings),
//               zeros around, no biases. 12672 parameters for parity and 39168 for mazes at width 32.
//   DeepNet     the explicit rival of FieldNet: `rounds` such blocks, each with its own weights, and x recalled by
//   each.
//
// Shapes   x (B, channels, H, W), h (B, width, H, W), logits (B, classes, H, W): any H and W.
// Cost     an iteration: 6 k^2 width^2 operations a cell (k^2 = 3 or 9).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/domain/puzzle/model_spec.h"
#include "fathom/tensor/map.h"

namespace fathom::puzzle {

class Model : public torch::nn::Module {
 public:
  // Logits after `iterations` of a LoopedNet; a DeepNet ignores them.
  virtual Tensor forward(const Tensor& x, std::int64_t iterations) const = 0;
  virtual bool implicit() const = 0;
};

// The block G and the ends are each one convolution's weight.
struct Block {
  Tensor recall, inject, first, second;                              // R, I, A, B
  Tensor injection(const Tensor& x) const;                           // I x
  Tensor operator()(const Tensor& h, const Tensor& injected) const;  // G
};

class LoopedNet : public Model {
 public:
  virtual Tensor injection(const Tensor& x) const = 0;
  virtual Tensor start(const Tensor& x) const = 0;     // h_0
  virtual Tensor read_out(const Tensor& h) const = 0;  // logits
  virtual Tensor step(const Tensor& h, const Tensor& injected) const = 0;
  // h -> G(h, x), compactable; it holds the injection, and the model by reference.
  Map map(const Tensor& x) const;

  Tensor forward(const Tensor& x, std::int64_t iterations) const override;
  bool implicit() const override { return true; }
};

class FieldNet : public LoopedNet {
 public:
  explicit FieldNet(const ModelOptions& options);

  Tensor injection(const Tensor& x) const override { return block_.injection(x); }
  Tensor start(const Tensor& x) const override;
  Tensor read_out(const Tensor& h) const override;
  Tensor step(const Tensor& h, const Tensor& injected) const override { return block_(h, injected); }

 private:
  Block block_;
  Tensor stem_, head1_, head2_;
};

class DeepNet : public Model {
 public:
  explicit DeepNet(const ModelOptions& options);
  Tensor forward(const Tensor& x, std::int64_t iterations) const override;
  bool implicit() const override { return false; }

 private:
  std::vector<Block> blocks_;
  Tensor stem_, head1_, head2_;
};

// Seeds libtorch, then draws the weights.
std::shared_ptr<Model> make_model(const ModelSpec& spec, std::uint64_t seed);

}  // namespace fathom::puzzle
