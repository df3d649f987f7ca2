#include "fathom/domain/lp/model.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <fmt/format.h>

namespace fathom::lp {

namespace {

constexpr std::int64_t kConstraintFeatures = 2;  // b, o

std::int64_t variable_features(const ModelOptions& options) { return options.bound_flags ? 5 : 3; }

// The authors' numbering: conv_v_to_c, conv_v_to_c2, conv_v_to_c3, ...
std::string numbered(const std::string& name, std::int64_t round) {
  return round == 0 ? name : fmt::format("{}{}", name, round + 1);
}

std::shared_ptr<nn::Perceptron> make_head(std::int64_t in, std::int64_t width) {
  return std::make_shared<nn::Perceptron>(
      nn::PerceptronOptions{.in = in, .hidden = width, .out = 1, .second_bias = false});
}

}  // namespace

Embedding::Embedding(std::int64_t features, std::int64_t width) {
  layer_ = register_module("0", std::make_shared<nn::Affine>(features, width));
}

Tensor Embedding::forward(const Tensor& features) const { return at::relu(layer_->forward(features)); }

ExplicitGnn::ExplicitGnn(const ModelOptions& options) {
  const std::int64_t d = options.embedding;
  constraints_ = register_module("cons_embedding", std::make_shared<Embedding>(kConstraintFeatures, d));
  variables_ = register_module("var_embedding", std::make_shared<Embedding>(variable_features(options), d));
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    to_constraints_.push_back(
        register_module(numbered("conv_v_to_c", round), std::make_shared<nn::BipartiteConv>(nn::Side::left, d, d)));
    to_variables_.push_back(
        register_module(numbered("conv_c_to_v", round), std::make_shared<nn::BipartiteConv>(nn::Side::right, d, d)));
  }
  head_ = register_module("output_module", make_head(d, d));
}

Tensor ExplicitGnn::forward(const Batch& batch, std::int64_t) {
  Tensor constraints = constraints_->forward(batch.constraints);
  Tensor variables = variables_->forward(batch.variables);
  for (std::size_t round = 0; round < to_constraints_.size(); ++round) {
    constraints = to_constraints_[round]->forward(batch.graph, constraints, variables);
    variables = to_variables_[round]->forward(batch.graph, constraints, variables);
  }
  return head_->forward(variables);
}

Block::Block(std::int64_t d) {
  to_constraints_ = register_module("conv_v_to_c", std::make_shared<nn::BipartiteConv>(nn::Side::left, d, d + 1));
  to_variables_ = register_module("conv_c_to_v", std::make_shared<nn::BipartiteConv>(nn::Side::right, d, d + 1));
  to_constraints2_ = register_module("conv_v_to_c2", std::make_shared<nn::BipartiteConv>(nn::Side::left, d, d + 1));
  to_variables2_ = register_module("conv_c_to_v2", std::make_shared<nn::BipartiteConv>(nn::Side::right, d, d + 1));
  to_y_ = register_module("to_y", std::make_shared<nn::Affine>(d + 1, 1));
}

Tensor Block::forward(const tensor::Graph& graph, const Tensor& constraints, const Tensor& variables,
                      const Tensor& y) const {
  const Tensor c1 = to_constraints_->forward(graph, constraints, variables, y);
  const Tensor v1 = to_variables_->forward(graph, c1, variables, y);
  const Tensor c2 = to_constraints2_->forward(graph, c1, v1);
  const Tensor v2 = to_variables2_->forward(graph, c2, v1);
  return to_y_->forward(v2);
}

ImplicitGnn::ImplicitGnn(const ModelOptions& options) {
  const std::int64_t d = options.embedding;
  constraints_ = register_module("cons_embedding", std::make_shared<Embedding>(kConstraintFeatures, d));
  variables_ = register_module("var_embedding", std::make_shared<Embedding>(variable_features(options), d));
  block_ = register_module("deq_func", std::make_shared<Block>(d));
  head_ = register_module("output_module", make_head(d + 1, d));
}

ImplicitGnn::Context ImplicitGnn::embed(const Batch& batch) const {
  return {constraints_->forward(batch.constraints), variables_->forward(batch.variables)};
}

Tensor ImplicitGnn::step(const Batch& batch, const Context& context, const Tensor& y) const {
  return block_->forward(batch.graph, context.constraints, context.variables, y);
}

Tensor ImplicitGnn::read_out(const Context& context, const Tensor& y) const {
  return head_->forward(context.variables, y);
}

Map ImplicitGnn::map(const Batch& batch, const Context& context) const {
  // Copies share the tensors and the modules; only handles are copied.
  return Map([block = block_, graph = batch.graph, context](const Tensor& y) {
    return block->forward(graph, context.constraints, context.variables, y.reshape({-1, 1})).view(y.sizes());
  });
}

measure::Joint ImplicitGnn::joint(const Batch& batch) const {
  return [constraints = constraints_, variables = variables_, block = block_, batch](const State& y, const State& x) {
    const Tensor senses = batch.constraints.narrow(1, 1, 1), flags = batch.variables.slice(1, 3);
    const Tensor u = constraints->forward(at::cat({x[0].reshape({-1, 1}), senses}, 1));
    const Tensor v = variables->forward(at::cat({x[1].reshape({-1, 3}), flags}, 1));
    return State(block->forward(batch.graph, u, v, y.only().reshape({-1, 1})).view(y.only().sizes()));
  };
}

State ImplicitGnn::data(const Batch& batch) {
  const std::int64_t k = batch.programs;
  return State({batch.constraints.select(1, 0).reshape({k, -1}), batch.variables.narrow(1, 0, 3).reshape({k, -1})});
}

State ImplicitGnn::start(const Batch& batch) const {
  return at::zeros({batch.programs, batch.variables.size(0) / batch.programs}, batch.variables.options());
}

Tensor ImplicitGnn::forward(const Batch& batch, std::int64_t iterations) {
  const Context context = embed(batch);
  Tensor y = at::zeros({batch.variables.size(0), 1}, batch.variables.options());
  for (std::int64_t t = 0; t < iterations; ++t) y = step(batch, context, y);
  return read_out(context, y);
}

std::int64_t parameter_count(const torch::nn::Module& model) {
  std::int64_t count = 0;
  for (const Tensor& parameter : model.parameters()) count += parameter.numel();
  return count;
}

}  // namespace fathom::lp
