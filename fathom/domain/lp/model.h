// Graph networks that map a linear program to its solution (arXiv 2510.03638, LP case study).
//
// Both embed constraints u = relu(Lin(b, o)) and variables v = relu(Lin(c, l, u)), width d each, and pass messages on
// the bipartite graph of A (nn::BipartiteConv).
//
//   ExplicitGnn   `rounds` times: constraints from variables, variables from constraints; then a head Lin-relu-Lin.
//                 rounds = 2 is the paper's network (580/2088/7888/30624 parameters at d = 4/8/16/32).
//   ImplicitGnn   one block G of two such rounds on [v | y], y one number per variable, restarting from the embedded
//                 constraints: y+ = Lin(v'); output head([v | y_T]). 722/2350/8390/31606 parameters.
//
// The parameters carry the names of the authors' classes, so that their weights load.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/domain/lp/batch.h"
#include "fathom/measure/sensitivity.h"
#include "fathom/nn/bipartite.h"
#include "fathom/nn/perceptron.h"
#include "fathom/tensor/map.h"

namespace fathom::lp {

// Relu(Lin(features)): names <name>.0.weight, <name>.0.bias.
class Embedding : public torch::nn::Module {
 public:
  Embedding(std::int64_t features, std::int64_t width);
  Tensor forward(const Tensor& features) const;

 private:
  std::shared_ptr<nn::Affine> layer_;
};

struct ModelOptions {
  std::int64_t embedding = 8;  // d
  std::int64_t rounds = 2;     // of an explicit network
  bool bound_flags = false;    // two more variable features: l = -inf, u = +inf
};

class Model : public torch::nn::Module {
 public:
  // The predicted solution, (variables, 1). `iterations` is what an implicit model runs; an explicit one ignores it.
  virtual Tensor forward(const Batch& batch, std::int64_t iterations) = 0;
  virtual bool implicit() const = 0;
};

class ExplicitGnn : public Model {
 public:
  explicit ExplicitGnn(const ModelOptions& options);
  Tensor forward(const Batch& batch, std::int64_t iterations) override;
  bool implicit() const override { return false; }

 private:
  std::shared_ptr<Embedding> constraints_, variables_;
  std::vector<std::shared_ptr<nn::BipartiteConv>> to_constraints_, to_variables_;
  std::shared_ptr<nn::Perceptron> head_;
};

// The block of the implicit model, module deq_func.
class Block : public torch::nn::Module {
 public:
  explicit Block(std::int64_t width);
  // y (variables, 1) -> y+ (variables, 1)
  Tensor forward(const tensor::Graph& graph, const Tensor& constraints, const Tensor& variables, const Tensor& y) const;

 private:
  std::shared_ptr<nn::BipartiteConv> to_constraints_, to_variables_, to_constraints2_, to_variables2_;
  std::shared_ptr<nn::Affine> to_y_;
};

class ImplicitGnn : public Model {
 public:
  explicit ImplicitGnn(const ModelOptions& options);

  struct Context {
    Tensor constraints, variables;  // embedded: (constraints, d), (variables, d)
  };
  Context embed(const Batch& batch) const;
  Tensor step(const Batch& batch, const Context& context, const Tensor& y) const;  // (variables, 1) -> the same
  Tensor read_out(const Context& context, const Tensor& y) const;                  // (variables, 1)

  // G as a fixed-point map on states (programs, variables per program); needs programs of equal size. It keeps the
  // model, batch and context alive. Programs share one block-diagonal graph, so it cannot be compacted.
  Map map(const Batch& batch, const Context& context) const;
  State start(const Batch& batch) const;  // y_0 = 0
  // The same block as a function of the programs' numbers as well: b (programs, m) and c, l, u (programs, n * 3), as
  // data() gives them. The matrix A, the senses and the flags of infinite bounds stay those of the batch.
  measure::Joint joint(const Batch& batch) const;
  static State data(const Batch& batch);

  Tensor forward(const Batch& batch, std::int64_t iterations) override;  // unrolled, with a graph where grad mode is on
  bool implicit() const override { return true; }

 private:
  std::shared_ptr<Embedding> constraints_, variables_;
  std::shared_ptr<Block> block_;
  std::shared_ptr<nn::Perceptron> head_;
};

std::int64_t parameter_count(const torch::nn::Module& model);

}  // namespace fathom::lp
