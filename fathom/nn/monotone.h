// A weight whose equilibrium exists and is unique, whatever is learned.  [WinstonKolter2020] arXiv:2006.08591, sec. 3
//
//   W = (1 - m) I - A'A + B - B'     =>     sym(I - W) = m I + A'A >= m I,   m > 0
//
// so that <d, (I - W) d> >= m ||d||^2 for every d, and every W of that kind can be written so. Then y = act(W y + c)
// has exactly one solution for act = relu, tanh and other proximal maps, although ||W|| may be far above 1;
// forward-backward splitting finds it (MonotoneCell in equilibrium.h; plain iteration need not).
//
// Shapes: x (..., d) -> (..., d). Names A, B (d, d), bias (d). Cost: one d^3 product a weight.
// Errors (fathom::Error): m outside (0, 1]; above 1, W = 0 could not be learned.
#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "fathom/tensor/tensor.h"

namespace fathom::nn {

class MonotoneLinear : public torch::nn::Module {
 public:
  explicit MonotoneLinear(std::int64_t width, double margin = 0.1, bool with_bias = true);

  Tensor weight() const;  // W (d, d)
  Tensor forward(const Tensor& x) const;
  double margin() const { return m_; }

  Tensor A, B, bias;

 private:
  double m_;
};

}  // namespace fathom::nn
