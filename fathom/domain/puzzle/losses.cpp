#include "fathom/domain/puzzle/losses.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/where.h>

#include "fathom/base/seed.h"
#include "fathom/diff/equilibrium.h"
#include "fathom/tensor/device.h"

namespace fathom::puzzle {

namespace {

// Uniform in [low, high].
std::int64_t between(base::Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

Tensor loss_with(const LoopedNet& model, const Batch& batch, const solve::Solver& solver,
                 const diff::Gradient& gradient, const solve::Stop& stop = {}) {
  const diff::Equilibrium e = diff::equilibrium(model.map(batch.x), model.start(batch.x), solver, gradient, stop);
  return loss_of(model.read_out(e.y.only()), batch.target);
}

Tensor random_loss(const StageConfig& stage, const LoopedNet& model, const Batch& batch, base::Random& random) {
  const std::int64_t n = between(random, 0, stage.depth - 1);
  const std::int64_t k = between(random, 1, stage.depth - n);
  return loss_with(model, batch, solve::Picard{}, diff::Truncated{.steps = n + k, .last = k});
}

// Logits after t iterations, in each of which a cell takes part with probability `rate`.
Tensor asynchronous(const LoopedNet& model, const Tensor& x, std::int64_t t, double rate) {
  const Tensor injected = model.injection(x);
  Tensor h = model.start(x);
  for (std::int64_t i = 0; i < t; ++i) {
    const Tensor takes_part = at::rand({h.size(0), 1, h.size(2), h.size(3)}, h.options()) < rate;
    h = at::where(takes_part, model.step(h, injected), h);
  }
  return model.read_out(h);
}

Tensor full_loss(const StageConfig& stage, const LoopedNet& model, const Batch& batch, base::Random& random) {
  const std::int64_t least = stage.least_depth > 0 ? stage.least_depth : stage.depth;
  const std::int64_t t = between(random, least, stage.depth);
  if (stage.update_rate == 1) return loss_of(model.forward(batch.x, t), batch.target);
  tensor::seed(random.bits());
  return loss_of(asynchronous(model, batch.x, t, stage.update_rate), batch.target);
}

Tensor progressive_loss(const StageConfig& stage, const LoopedNet& model, const Batch& batch, base::Random& random) {
  if (stage.alpha == 0) return full_loss(stage, model, batch, random);
  const Tensor full = (1 - stage.alpha) * full_loss(stage, model, batch, random);
  return full + stage.alpha * random_loss(stage, model, batch, random);
}

Tensor deep_loss(const StageConfig& stage, const LoopedNet& model, const Batch& batch, base::Random& random) {
  tensor::seed(random.bits());
  const Tensor injected = model.injection(batch.x);
  Tensor h = at::randn_like(model.start(batch.x)), loss;
  const auto iterate = [&](std::int64_t steps) {
    for (std::int64_t t = 0; t < steps; ++t) {
      h = (1 - stage.step_weight) * h + stage.step_weight * model.step(h, injected);
      if (stage.noise > 0) h = h + stage.noise * at::randn_like(h);
    }
  };
  {
    at::NoGradGuard no_grad;
    iterate(between(random, 0, stage.depth));
  }
  for (std::int64_t s = 0; s < stage.segments; ++s) {
    h = h.detach();
    iterate(std::max<std::int64_t>(1, stage.depth / stage.segments));
    const Tensor part = loss_of(model.read_out(h), batch.target) / static_cast<double>(stage.segments);
    loss = loss.defined() ? loss + part : part;
  }
  return loss;
}

}  // namespace

Tensor looped_loss(const Config& config, const StageConfig& stage, const LoopedNet& model, const Batch& batch,
                   std::uint64_t seed, std::int64_t step) {
  base::Random random(base::stream_seed(seed, "depth", static_cast<std::uint64_t>(step)));
  if (stage.loss == "progressive") return progressive_loss(stage, model, batch, random);
  if (stage.loss == "deep") return deep_loss(stage, model, batch, random);
  const solve::Stop stop{.rtol = 1e-3, .max_iter = stage.depth};
  if (stage.loss == "implicit") return loss_with(model, batch, config.solver, config.adjoint, stop);
  if (stage.loss == "phantom") return loss_with(model, batch, config.solver, config.phantom, stop);
  return random_loss(stage, model, batch, random);
}

}  // namespace fathom::puzzle
