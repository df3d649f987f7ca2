#include "fathom/domain/llm/raven.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/modules/container/modulelist.h>

namespace fathom::llm {

namespace {

nn::BlockOptions block_options(const ModelConfig& c) {
  return {.width = c.width, .heads = c.heads, .hidden = c.hidden, .eps = c.norm_eps, .qk_bias = c.qk_bias};
}

class Adapter : public nn::Matrix {
 public:
  explicit Adapter(const ModelConfig& c) : nn::Matrix(c.width, 2 * c.width) {
    if (c.adapter_bias) bias = register_parameter("bias", at::zeros({c.width}));
  }
  Tensor forward(const Tensor& x, const Tensor& e) const {
    const Tensor joined = at::cat({x, e}, -1);
    return bias.defined() ? at::linear(joined, weight, bias) : at::linear(joined, weight);
  }

  Tensor bias;
};

}  // namespace

class Raven::Transformer : public torch::nn::Module {
 public:
  using Blocks = std::vector<std::shared_ptr<nn::TransformerBlock>>;

  explicit Transformer(const ModelConfig& c) {
    wte = register_module("wte", std::make_shared<nn::Matrix>(c.vocabulary, c.width));
    prelude = blocks("prelude", c.prelude, c);
    adapter = register_module("adapter", std::make_shared<Adapter>(c));
    core = blocks("core_block", c.core, c);
    coda = blocks("coda", c.coda, c);
    ln_f = register_module("ln_f", std::make_shared<nn::RmsNorm>(c.width, c.norm_eps));
  }

  std::shared_ptr<nn::Matrix> wte;
  Blocks prelude, core, coda;
  std::shared_ptr<Adapter> adapter;
  std::shared_ptr<nn::RmsNorm> ln_f;

 private:
  Blocks blocks(const std::string& name, std::int64_t count, const ModelConfig& c) {
    const auto list = register_module(name, std::make_shared<torch::nn::ModuleListImpl>());
    Blocks made;
    for (std::int64_t i = 0; i < count; ++i) {
      made.push_back(std::make_shared<nn::TransformerBlock>(block_options(c)));
      list->push_back(made.back());
    }
    return made;
  }
};

Raven::Raven(const ModelConfig& config) : LoopedModule(config) {
  transformer_ = register_module("transformer", std::make_shared<Transformer>(config));
  if (!config.tied) head_ = register_module("lm_head", std::make_shared<nn::Matrix>(config.vocabulary, config.width));
}

Tensor Raven::prelude(const Tensor& ids, const nn::RotaryTable& rotary, const LayerAttend& attend) const {
  Tensor e = at::embedding(transformer_->wte->weight, ids) * config().embedding_scale;
  for (std::int64_t i = 0; i < config().prelude; ++i)
    e = transformer_->prelude[i]->forward(e, rotary, attend(Stage::prelude, i));
  return e;
}

Tensor Raven::adapter(const Tensor& x, const Tensor& e) const { return transformer_->adapter->forward(x, e); }

Tensor Raven::core_layer(std::int64_t layer, const Tensor& x, const nn::RotaryTable& rotary,
                         const nn::Attend& attend) const {
  return transformer_->core[layer]->forward(x, rotary, attend);
}

Tensor Raven::core(const Tensor& x, const Tensor& e, const nn::RotaryTable& rotary, const LayerAttend& attend) const {
  Tensor y = adapter(x, e);
  for (std::int64_t i = 0; i < config().core; ++i) y = core_layer(i, y, rotary, attend(Stage::core, i));
  return y;
}

Tensor Raven::latent(const Tensor& x) const { return transformer_->ln_f->forward(x); }

Tensor Raven::coda_layer(std::int64_t layer, const Tensor& z, const nn::RotaryTable& rotary,
                         const nn::Attend& attend) const {
  return transformer_->coda[layer]->forward(z, rotary, attend);
}

Tensor Raven::coda(const Tensor& x, const nn::RotaryTable& rotary, const LayerAttend& attend) const {
  Tensor z = latent(x);
  for (std::int64_t i = 0; i < config().coda; ++i) z = coda_layer(i, z, rotary, attend(Stage::coda, i));
  return transformer_->ln_f->forward(z);
}

Tensor Raven::head(const Tensor& z) const {
  const Tensor& weight = head_ ? head_->weight : transformer_->wte->weight;
  return at::linear(z, weight).to(at::kFloat);
}

}  // namespace fathom::llm
