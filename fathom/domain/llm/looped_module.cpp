#include "fathom/domain/llm/looped_module.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>

#include "fathom/base/error.h"
#include "fathom/domain/llm/ouro.h"
#include "fathom/domain/llm/raven.h"
#include "fathom/nn/attention.h"

namespace fathom::llm {

namespace {

LayerAttend causal(std::int64_t rows, c10::Device device) {
  const nn::Attend attend = [mask = nn::causal_mask(rows, rows, device)](const Tensor& q, const Tensor& k,
                                                                         const Tensor& v) {
    return nn::attention(q, k, v, mask);
  };
  return [attend](Stage, std::int64_t) { return attend; };
}

}  // namespace

LoopedModule::LoopedModule(const ModelConfig& config)
    : config_(config), rotary_(nn::rotary_table(config.context, config.head_dim(), config.rope_base)) {}

Tensor LoopedModule::stop_probability(const Tensor&) const {
  base::fail("llm::LoopedModule", "exit = gate violates what this model has learned; choose another criterion");
}

Tensor LoopedModule::embed(const Tensor& ids) const {
  const std::int64_t rows = ids.size(-1);
  return prelude(ids, rotary(at::arange(rows, ids.options())), causal(rows, ids.device()));
}

Tensor LoopedModule::run(const Tensor& context, Tensor x, const Depth& depth) const {
  const std::int64_t rows = context.size(-2);
  const nn::RotaryTable table = rotary(at::arange(rows, context.options().dtype(at::kLong)));
  const LayerAttend attend = causal(rows, context.device());
  {
    const at::NoGradGuard no_grad;
    for (std::int64_t t = 0; t < depth.without_gradient; ++t) x = core(x, context, table, attend);
  }
  for (std::int64_t t = 0; t < depth.with_gradient; ++t) x = core(x, context, table, attend);
  return x;
}

Tensor LoopedModule::logits(const Tensor& x) const {
  const std::int64_t rows = x.size(-2);
  return head(coda(x, rotary(at::arange(rows, x.options().dtype(at::kLong))), causal(rows, x.device())));
}

Tensor LoopedModule::forward(const Tensor& ids, const Tensor& x0, const Depth& depth) const {
  return logits(run(embed(ids), x0, depth));
}

Map LoopedModule::map(const Tensor& context) {
  auto self = std::static_pointer_cast<LoopedModule>(shared_from_this());
  return Map([self, context](const Tensor& x, const Rows& rows) { return self->run(rows.of(context), x, {0, 1}); });
}

Tensor loss(const Tensor& logits, const Tensor& labels) {
  return at::cross_entropy_loss(logits.flatten(0, -2), labels.flatten());
}

std::shared_ptr<LoopedModule> make_module(const ModelConfig& config) {
  if (config.architecture == Architecture::ouro) return std::make_shared<Ouro>(config);
  return std::make_shared<Raven>(config);
}

std::shared_ptr<LoopedModule> make_module(const ModelConfig& config, const Weights& weights) {
  const std::shared_ptr<LoopedModule> module = make_module(config);
  load(*module, config.architecture == Architecture::ouro ? fused_ouro(weights) : weights);
  return module;
}

}  // namespace fathom::llm
