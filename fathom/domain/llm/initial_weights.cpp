#include "fathom/domain/llm/initial_weights.h"

#include <cmath>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::llm {

namespace {

constexpr double kCut = 3;  // deviations

void draw(Tensor part, double deviation, std::uint64_t seed) {
  const double tail = std::erf(kCut / std::sqrt(2.0));
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  part.uniform_(-tail, tail, generator).erfinv_().mul_(deviation * std::sqrt(2.0));
  part.clamp_(-kCut * deviation, kCut * deviation);
}

Tensor matrix(const ModelConfig& c, const std::string& name, std::uint64_t seed) {
  Tensor weight = at::empty(weight_shape(c, name));
  const auto depth = static_cast<double>(c.prelude + c.core * c.recurrences + c.coda);
  const double small = c.init_std / std::sqrt(2 * depth);
  const std::int64_t half = weight.size(0) / 2;
  const bool outward = name.ends_with(".proj.weight"), gated = name.ends_with("mlp.fc.weight");
  draw(weight.narrow(0, 0, half), outward ? small : c.init_std, base::stream_seed(seed, name, 0));
  draw(weight.narrow(0, half, weight.size(0) - half), outward || gated ? small : c.init_std,
       base::stream_seed(seed, name, 1));
  return weight;
}

}  // namespace

std::vector<std::int64_t> weight_shape(const ModelConfig& c, const std::string& name) {
  if (name.ends_with("attn.Wqkv.weight")) return {3 * c.width, c.width};
  if (name.ends_with("attn.proj.weight")) return {c.width, c.width};
  if (name.ends_with("attn.qk_bias") && c.qk_bias) return {2, 1, c.heads, c.head_dim()};
  if (name.ends_with("mlp.fc.weight")) return {2 * c.hidden, c.width};
  if (name.ends_with("mlp.proj.weight")) return {c.width, c.hidden};
  if (name.find(".norm_") != std::string::npos || name == "transformer.ln_f.weight") return {c.width};
  if (name == "transformer.adapter.weight") return {c.width, 2 * c.width};
  if (name == "transformer.adapter.bias" && c.adapter_bias) return {c.width};
  if (name == "transformer.wte.weight" || (name == "lm_head.weight" && !c.tied)) return {c.vocabulary, c.width};
  return {};
}

Weights initial_weights(const ModelConfig& config, std::uint64_t seed) {
  base::require(config.architecture == Architecture::raven, "llm::initial_weights", "model_type", "ouro",
                "huginn_raven", "other models are loaded, not trained");
  const auto get = [c = config, seed](const std::string& name) {
    const std::vector<std::int64_t> shape = weight_shape(c, name);
    if (shape.size() == 2) return matrix(c, name, seed);
    return name.ends_with("bias") ? at::zeros(shape) : at::ones(shape);
  };
  return {[c = config](const std::string& name) { return !weight_shape(c, name).empty(); }, get, "initial weights"};
}

}  // namespace fathom::llm
