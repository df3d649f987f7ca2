#include "fathom/domain/imaging/losses.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/randn.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/walk.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/device.h"

namespace fathom::imaging {

namespace {

constexpr double kOffset = 1e-6;  // of the denominator, as in the original
constexpr std::int64_t kFirstLook = 3;

Tensor lengths(const Tensor& v) { return at::linalg_vector_norm(v.flatten(1), 2, {1}); }

Tensor plain_adjoint(const tensor::Linearization& taped, const Tensor& u, const Hook& hook) {
  Tensor v = u;
  for (std::int64_t k = 1; k <= hook.steps; ++k) {
    const Tensor next = taped.vjp(v.flatten(1)).view(v.sizes()) + u;
    const double change = (lengths(next - v) / (lengths(next) + kOffset)).mean().item<double>();
    v = next;
    if (k >= kFirstLook && change < hook.tolerance) break;
  }
  return v;
}

}  // namespace

Tensor squared_loss(const Tensor& answer, const Tensor& target) { return (answer - target).square().mean(); }

Tensor hook_answer(const DeblurModel& model, const Blur& blur, const Tensor& y, const Hook& hook) {
  const Map map = model.map(blur, y);
  const Tensor answer = map(iterate(model, blur, y, hook.iterations)).only();
  if (answer.requires_grad()) {
    answer.register_hook([taped = tensor::Linearization(map, State(answer.detach())), hook](const Tensor& u) {
      return plain_adjoint(taped, u, hook);
    });
  }
  return answer;
}

Tensor growth_rate(const DeblurModel& model, const Blur& blur, const Tensor& y, const Tensor& x, std::int64_t steps,
                   std::uint64_t seed) {
  constexpr double kShare = 0.01;
  const Tensor size = kShare * lengths(x).view({-1, 1, 1, 1});
  const auto scaled = [&](const Tensor& v) { return v * (size / lengths(v).view({-1, 1, 1, 1})); };
  tensor::seed(seed);
  Tensor v = scaled(at::randn(x.sizes(), x.options()));
  {
    const at::NoGradGuard no_grad;
    const Map fast = fast_map(model, blur, y);
    const Tensor g = fast(x).only();
    for (std::int64_t k = 0; k < steps; ++k) v = scaled(fast(x + v).only() - g);
  }
  const Map map = model.map(blur, y);
  return lengths(map(x + v).only() - map(x).only()) / size.flatten();
}

void require_sound(const DeblurModel& model, std::int64_t update) {
  for (std::int64_t layer = 0; layer < model.layers(); ++layer) {
    const Step& step = model.step(layer);
    const double sigma = step.sigma.item<double>();
    if (!(std::isfinite(sigma) && sigma >= 0)) {
      base::fail("imaging::require_sound",
                 "sigma = {} of layer {} after {} updates violates finite and >= 0; the training diverged: lower "
                 "train.learning_rate or raise train.iterations",
                 sigma, layer, update);
    }
    if (!step.stepsize.defined()) continue;
    const double gamma = step.stepsize.item<double>();
    if (!(std::isfinite(gamma) && gamma > 0)) {
      base::fail("imaging::require_sound",
                 "stepsize = {} of layer {} after {} updates violates finite and > 0; the training diverged: lower "
                 "train.learning_rate or raise train.iterations",
                 gamma, layer, update);
    }
  }
}

}  // namespace fathom::imaging
