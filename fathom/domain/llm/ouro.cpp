#include "fathom/domain/llm/ouro.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/modules/container/modulelist.h>

namespace fathom::llm {

class Ouro::Gate : public nn::Matrix {
 public:
  explicit Gate(std::int64_t width) : nn::Matrix(1, width) { bias = register_parameter("bias", at::zeros({1})); }

  Tensor bias;
};

nn::BlockOptions ouro_block(const ModelConfig& c) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .eps = c.norm_eps,
          .norms = nn::Norms::on_branch,
          .pairs = nn::RotaryPairs::halves};
}

Ouro::Ouro(const ModelConfig& c) : LoopedModule(c) {
  embed_ = register_module("embed", std::make_shared<nn::Matrix>(c.vocabulary, c.width));
  const auto list = register_module("layers", std::make_shared<torch::nn::ModuleListImpl>());
  for (std::int64_t i = 0; i < c.core; ++i) {
    layers_.push_back(std::make_shared<nn::TransformerBlock>(ouro_block(c)));
    list->push_back(layers_.back());
  }
  norm_ = register_module("norm", std::make_shared<nn::RmsNorm>(c.width, c.norm_eps));
  if (!c.tied) head_ = register_module("head", std::make_shared<nn::Matrix>(c.vocabulary, c.width));
  gate_ = register_module("early_exit_gate", std::make_shared<Gate>(c.width));
}

Tensor Ouro::prelude(const Tensor& ids, const nn::RotaryTable&, const LayerAttend&) const {
  return at::embedding(embed_->weight, ids);
}

Tensor Ouro::core(const Tensor& x, const Tensor&, const nn::RotaryTable& rotary, const LayerAttend& attend) const {
  Tensor h = x;
  for (std::size_t i = 0; i < layers_.size(); ++i)
    h = layers_[i]->forward(h, rotary, attend(Stage::core, static_cast<std::int64_t>(i)));
  return norm_->forward(h);
}

Tensor Ouro::head(const Tensor& z) const {
  return at::linear(z, head_ ? head_->weight : embed_->weight).to(at::kFloat);
}

Tensor Ouro::stop_probability(const Tensor& x) const {
  return at::sigmoid(at::linear(x, gate_->weight, gate_->bias)).squeeze(-1);
}

namespace {

using Names = std::vector<std::string>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPlain = {
    {{"embed.weight", "model.embed_tokens.weight"},
     {"norm.weight", "model.norm.weight"},
     {"head.weight", "lm_head.weight"},
     {"early_exit_gate.weight", "model.early_exit_gate.weight"},
     {"early_exit_gate.bias", "model.early_exit_gate.bias"}}};

// What follows "layers.i." here, and what of "model.layers.i." it is made of, one below the other.
constexpr std::array<std::pair<std::string_view, std::array<std::string_view, 3>>, 8> kOfLayer = {
    {{"attn.Wqkv.weight", {"self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"}},
     {"attn.proj.weight", {"self_attn.o_proj.weight"}},
     {"mlp.fc.weight", {"mlp.gate_proj.weight", "mlp.up_proj.weight"}},
     {"mlp.proj.weight", {"mlp.down_proj.weight"}},
     {"norm_1.weight", {"input_layernorm.weight"}},
     {"norm_2.weight", {"input_layernorm_2.weight"}},
     {"norm_3.weight", {"post_attention_layernorm.weight"}},
     {"norm_4.weight", {"post_attention_layernorm_2.weight"}}}};

// The tensors of the checkpoint that make the parameter `name`; none for an unknown name.
Names parts_of(const std::string& name) {
  for (const auto& [ours, theirs] : kPlain) {
    if (name == ours) return {std::string(theirs)};
  }
  for (const auto& [ours, theirs] : kOfLayer) {
    if (!name.starts_with("layers.") || !name.ends_with(ours)) continue;
    const std::string layer = name.substr(0, name.size() - ours.size());
    Names names;
    for (const std::string_view part : theirs) {
      if (!part.empty()) names.push_back("model." + layer + std::string(part));
    }
    return names;
  }
  return {};
}

}  // namespace

Weights fused_ouro(const Weights& checkpoint) {
  const auto has = [checkpoint](const std::string& name) {
    const Names parts = parts_of(name);
    for (const std::string& part : parts) {
      if (!checkpoint.has(part)) return false;
    }
    return !parts.empty();
  };
  const auto get = [checkpoint](const std::string& name) {
    std::vector<Tensor> parts;
    for (const std::string& part : parts_of(name)) parts.push_back(checkpoint.get(part));
    return parts.size() == 1 ? parts[0] : at::cat(parts);
  };
  return {has, get, checkpoint.origin};
}

}  // namespace fathom::llm
