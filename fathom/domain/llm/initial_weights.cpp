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

// The shape of a matrix by the end of its name; empty for an unknown one.
std::vector<std::int64_t> matrix_shape(const ModelConfig& c, const std::string& name) {
  if (name.ends_with("Wqkv.weight")) return {3 * c.width, c.width};
  if (name.ends_with("attn.proj.weight")) return {c.width, c.width};
  if (name.ends_with("mlp.fc.weight")) return {2 * c.hidden, c.width};
  if (name.ends_with("mlp.proj.weight")) return {c.width, c.hidden};
  if (name.ends_with("adapter.weight")) return {c.width, 2 * c.width};
  if (name.ends_with("wte.weight") || name.ends_with("lm_head.weight")) return {c.vocabulary, c.width};
  return {};
}

void draw(Tensor part, double deviation, std::uint64_t seed) {
  const double tail = std::erf(kCut / std::sqrt(2.0));
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  part.uniform_(-tail, tail, generator).erfinv_().mul_(deviation * std::sqrt(2.0));
  part.clamp_(-kCut * deviation, kCut * deviation);
}

Tensor matrix(const ModelConfig& c, const std::string& name, std::uint64_t seed) {
  Tensor weight = at::empty(matrix_shape(c, name));
  const auto depth = static_cast<double>(c.prelude + c.core * c.recurrences + c.coda);
  const double small = c.init_std / std::sqrt(2 * depth);
  const std::int64_t half = weight.size(0) / 2;
  const bool outward = name.ends_with(".proj.weight"), gated = name.ends_with("mlp.fc.weight");
  draw(weight.narrow(0, 0, half), outward ? small : c.init_std, base::stream_seed(seed, name, 0));
  draw(weight.narrow(0, half, weight.size(0) - half), outward || gated ? small : c.init_std,
       base::stream_seed(seed, name, 1));
  return weight;
}

bool known(const ModelConfig& c, const std::string& name) {
  if (name == "lm_head.weight") return !c.tied;
  if (name.ends_with("adapter.bias")) return c.adapter_bias;
  if (name.ends_with("qk_bias")) return c.qk_bias;
  return !matrix_shape(c, name).empty() || name.ends_with("ln_f.weight") || name.find(".norm_") != std::string::npos;
}

}  // namespace

Weights initial_weights(const ModelConfig& config, std::uint64_t seed) {
  base::require(config.architecture == Architecture::raven, "llm::initial_weights", "model_type", "ouro",
                "huginn_raven", "other models are loaded, not trained");
  const auto get = [c = config, seed](const std::string& name) {
    if (name.ends_with("adapter.bias")) return at::zeros({c.width});
    if (name.ends_with("qk_bias")) return at::zeros({2, 1, c.heads, c.head_dim()});
    return matrix_shape(c, name).empty() ? at::ones({c.width}) : matrix(c, name, seed);
  };
  return {[c = config](const std::string& name) { return known(c, name); }, get, "initial weights"};
}

}  // namespace fathom::llm
