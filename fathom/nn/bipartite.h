// Message passing on a bipartite graph of constraints (left, m nodes) and variables (right, n nodes) with edge values
// a_ij.
//
//   to left    out_i = relu(O [sum_j a_ij R(right_j) | L(left_i)])     width: left
//   to right   out_j = relu(O [sum_i a_ij L(left_i)  | R(right_j)])    width: right
//
// L, R and O are two-layer perceptrons (R without a bias in its first layer); sums are not normalised.
// The graph convolution of [Gasse2019], as used for linear programs by the paper this library grew from (arXiv
// 2510.03638, LP case study).
//
// Shapes   left (M, dl), right (N, dr) given as one matrix or as two whose columns follow each other; a block-diagonal
//          graph holds a whole batch.   Cost: O(M + N) d^2 + edges * d.
// Names    feature_module_left, feature_module_right, output_module.
#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>

#include "fathom/nn/perceptron.h"
#include "fathom/tensor/graph_ops.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

enum class Side { left, right };

class BipartiteConv : public torch::nn::Module {
 public:
  BipartiteConv(Side target, std::int64_t left_width, std::int64_t right_width);

  // `right_more` (N, d') continues the columns of `right`, or is undefined.
  Tensor forward(const tensor::Graph& graph, const Tensor& left, const Tensor& right,
                 const Tensor& right_more = {}) const;

 private:
  Side target_;
  std::shared_ptr<Perceptron> left_, right_, output_;
};

}  // namespace fathom::nn
