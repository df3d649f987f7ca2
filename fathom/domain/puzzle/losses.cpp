#include "fathom/domain/puzzle/losses.h"

#include <ATen/TensorOperators.h>

#include "fathom/base/seed.h"
#include "fathom/diff/equilibrium.h"

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

Tensor full_loss(const StageConfig& stage, const LoopedNet& model, const Batch& batch, base::Random& random) {
  const std::int64_t least = stage.least_depth > 0 ? stage.least_depth : stage.depth;
  return loss_of(model.forward(batch.x, between(random, least, stage.depth)), batch.target);
}

Tensor progressive_loss(const StageConfig& stage, const LoopedNet& model, const Batch& batch, base::Random& random) {
  if (stage.alpha == 0) return full_loss(stage, model, batch, random);
  const Tensor full = (1 - stage.alpha) * full_loss(stage, model, batch, random);
  return full + stage.alpha * random_loss(stage, model, batch, random);
}

}  // namespace

Tensor looped_loss(const Config& config, const StageConfig& stage, const LoopedNet& model, const Batch& batch,
                   std::uint64_t seed, std::int64_t step) {
  base::Random random(base::stream_seed(seed, "depth", static_cast<std::uint64_t>(step)));
  if (stage.loss == "progressive") return progressive_loss(stage, model, batch, random);
  const solve::Stop stop{.rtol = 1e-3, .max_iter = stage.depth};
  if (stage.loss == "implicit") return loss_with(model, batch, config.solver, config.adjoint, stop);
  if (stage.loss == "phantom") return loss_with(model, batch, config.solver, config.phantom, stop);
  return random_loss(stage, model, batch, random);
}

}  // namespace fathom::puzzle
