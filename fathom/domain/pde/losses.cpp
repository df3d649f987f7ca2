#include "fathom/domain/pde/losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/diff/steps.h"
#include "fathom/domain/pde/paper_anderson.h"
#include "fathom/tensor/autograd.h"

namespace fathom::pde {

namespace {

Tensor paper_equilibrium(const Map& map, const State& start, std::int64_t threshold) {
  return paper_anderson([&](const Tensor& z) { return map(z).only(); }, start.only(), {.threshold = threshold}).z;
}

Tensor lengths(const Tensor& v) { return at::linalg_vector_norm(v.flatten(1), 2, {1}); }

}  // namespace

Tensor relative_loss(const Tensor& predicted, const Tensor& target) {
  return (lengths(predicted - target) / lengths(target)).sum();
}

Tensor equilibrium_answer(const FourierModel& model, const Tensor& x, const solve::Solver& solver,
                          const diff::Gradient& gradient, const solve::Stop& stop, diff::Equilibrium* account) {
  const Tensor injected = model.lift(x);
  diff::Equilibrium e = diff::equilibrium(model.map(injected), model.start(injected), solver, gradient, stop);
  const Tensor answer = model.decode(e.y.only());
  if (account != nullptr) *account = std::move(e);
  return answer;
}

PhantomAnswer phantom_answer(const FourierModel& model, const Tensor& x, const solve::Solver& solver,
                             const diff::Phantom& phantom, const solve::Stop& stop) {
  const Tensor injected = model.lift(x);
  const Map map = model.map(injected);
  const State start = solve::fixed_point(map, model.start(injected), solver, stop).y;
  const Tensor before = diff::recorded_steps(map, start, phantom.steps - 1, phantom.damping).only();
  const Tensor z = diff::recorded_steps(map, before, 1, phantom.damping).only();
  // z - before = damping (G(before) - before)
  return {model.decode(z), lengths(z - before) / (phantom.damping * lengths(z))};
}

Tensor paper_phantom_answer(const FourierModel& model, const Tensor& x, std::int64_t threshold,
                            const diff::Phantom& phantom) {
  const Tensor injected = model.lift(x);
  const Map map = model.map(injected);
  const Tensor z = paper_equilibrium(map, model.start(injected), threshold);
  return model.decode(diff::recorded_steps(map, z, phantom.steps, phantom.damping).only());
}

Tensor paper_implicit_answer(const FourierModel& model, const Tensor& x, std::int64_t threshold) {
  const Tensor injected = model.lift(x);
  const Map map = model.map(injected);
  const Tensor z = paper_equilibrium(map, model.start(injected), threshold);
  const Tensor step = map(z).only();
  if (step.requires_grad()) {
    step.register_hook([taped = tensor::Linearization(map, z), threshold](const Tensor& u) {
      const auto adjoint = [&](const Tensor& g) { return taped.vjp(g.flatten(1)).view(g.sizes()) + u; };
      return paper_anderson(adjoint, at::zeros_like(u), {.threshold = threshold}).z;
    });
  }
  return model.decode(step);
}

}  // namespace fathom::pde
