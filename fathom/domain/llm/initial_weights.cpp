#include "fathom/domain/llm/initial_weights.h"

#include <cmath>
#include <span>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::llm {

namespace {

constexpr double kCut = 3;  // deviations

float truncated_normal(base::Random& random, double deviation) {
  double z = random.normal();
  while (std::abs(z) > kCut) z = random.normal();
  return static_cast<float>(deviation * z);
}

Tensor matrix(const ModelConfig& c, const std::string& name, std::uint64_t seed) {
  const Tensor weight = at::empty(weight_shape(c, name), at::kFloat);
  const auto depth = static_cast<double>(c.prelude + c.core * c.recurrences + c.coda);
  const double small = c.init_std / std::sqrt(2 * depth);
  const bool outward = name.ends_with(".proj.weight"), gated = name.ends_with(".fc.weight");
  const std::span<float> values(weight.data_ptr<float>(), static_cast<std::size_t>(weight.numel()));
  const std::size_t wide = outward ? 0 : gated ? values.size() / 2 : values.size();
  base::Random random(base::stream_seed(seed, name));
  for (float& value : values.first(wide)) value = truncated_normal(random, c.init_std);
  for (float& value : values.subspan(wide)) value = truncated_normal(random, small);
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
