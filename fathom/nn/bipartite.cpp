#include "fathom/nn/bipartite.h"

namespace fathom::nn {

BipartiteConv::BipartiteConv(Side target, std::int64_t left_width, std::int64_t right_width) : target_(target) {
  const std::int64_t dl = left_width, dr = right_width, out = target == Side::left ? dl : dr;
  left_ = register_module("feature_module_left",
                          std::make_shared<Perceptron>(PerceptronOptions{.in = dl, .hidden = dl, .out = dl}));
  right_ = register_module("feature_module_right", std::make_shared<Perceptron>(PerceptronOptions{
                                                       .in = dr, .hidden = dr, .out = dr, .first_bias = false}));
  output_ = register_module("output_module", std::make_shared<Perceptron>(PerceptronOptions{
                                                 .in = dl + dr, .hidden = out, .out = out, .relu_out = true}));
}

Tensor BipartiteConv::forward(const tensor::Graph& graph, const Tensor& left, const Tensor& right,
                              const Tensor& right_more) const {
  const Tensor from_left = left_->forward(left);
  const Tensor from_right = right_->forward(right, right_more);
  if (target_ == Side::left) return output_->forward(graph.to_rows(from_right), from_left);
  return output_->forward(graph.to_columns(from_left), from_right);
}

}  // namespace fathom::nn
