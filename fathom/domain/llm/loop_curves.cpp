#include "fathom/domain/llm/loop_curves.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fathom/base/seed.h"
#include "fathom/domain/llm/corpus.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/study/unroll.h"
#include "fathom/tensor/convert.h"

namespace fathom::llm {

namespace {

using base::Curve;

// The point at t = 0 says nothing of the text.
void drop_start(Curve& curve) {
  for (std::vector<double>* column : {&curve.t, &curve.mean, &curve.std, &curve.max}) column->erase(column->begin());
}

void drop_end(Curve& curve) {
  for (std::vector<double>* column : {&curve.t, &curve.mean, &curve.std, &curve.max}) column->pop_back();
}

std::vector<double> losses_of(const Raven& model, const Tensor& x, const Windows& windows) {
  return tensor::to_doubles(position_losses(model.logits(x), windows.labels).mean(-1));
}

// x_0 .. x_T.
std::vector<Tensor> iterates(Raven& model, const Tensor& e, const Tensor& x0, std::int64_t iterations) {
  std::vector<Tensor> all;
  const study::Probe keep{"", "", [&](std::int64_t, const State& x, const State&) {
                            all.push_back(x.only());
                            return std::vector<double>{};
                          }};
  study::unroll(model.map(e), x0, iterations, "", {keep});
  return all;
}

Tensor moved_context(const Tensor& e, const LoopProbe& probe) {
  base::Random random(base::stream_seed(probe.seed, "move"));
  std::vector<double> numbers(static_cast<std::size_t>(e.numel()));
  for (double& number : numbers) number = random.normal();
  const Tensor direction = tensor::from_doubles(numbers, e.sizes().vec());
  const auto length = [](const Tensor& of) { return of.flatten(1).norm(2, 1).view({-1, 1, 1}); };
  return e + direction * (probe.perturbation * length(e) / length(direction));
}

// One byte of every window's first half becomes another one.
Tensor exchanged_byte(const Tensor& ids, const LoopProbe& probe) {
  const Tensor moved = ids.clone();
  for (std::int64_t w = 0; w < ids.size(0); ++w) {
    base::Random random(base::stream_seed(probe.seed, "exchange", static_cast<std::uint64_t>(w)));
    const auto half = static_cast<std::uint64_t>(std::max<std::int64_t>(1, ids.size(1) / 2 - 1));
    const auto at = std::min<std::int64_t>(ids.size(1) - 1, 1 + static_cast<std::int64_t>(random.below(half)));
    const auto byte = moved[w][at].item<std::int64_t>();
    moved[w][at] = (byte + 1 + static_cast<std::int64_t>(random.below(255))) % 256;
  }
  return moved;
}

}  // namespace

std::vector<Curve> loss_and_residual(Raven& model, const std::string& name, const Windows& windows,
                                     const LoopProbe& probe) {
  const at::NoGradGuard no_grad;
  const Tensor x0 = random_start(model.config(), windows, base::stream_seed(probe.seed, "start"));
  const study::Probe loss{"nats_per_byte", "all", [&](std::int64_t, const State& x, const State&) {
                            return losses_of(model, x.only(), windows);
                          }};
  std::vector<Curve> curves = study::unroll(model.map(model.embed(windows.ids)), x0, probe.iterations, name,
                                            {loss, study::relative_residual()});
  drop_start(curves[0]);
  for (double& t : curves[1].t) t += 1;  // G(x_{t-1}) = x_t
  drop_end(curves[1]);
  return curves;
}

std::vector<Curve> lipschitz_curves(Raven& model, const std::string& name, const Windows& windows,
                                    const LoopProbe& probe) {
  const at::NoGradGuard no_grad;
  const Tensor x0 = random_start(model.config(), windows, base::stream_seed(probe.seed, "start"));
  const Tensor e = model.embed(windows.ids);
  const std::vector<Tensor> clean = iterates(model, e, x0, probe.iterations);
  std::vector<Curve> curves;
  const auto against = [&](const std::string& group, const Tensor& other) {
    const std::vector<Tensor> moved = iterates(model, other, x0, probe.iterations);
    Curve& curve = curves.emplace_back(Curve{name, "lipschitz", group, {}, {}, {}, {}});
    for (std::size_t t = 1; t < clean.size(); ++t)
      study::add_point(curve, static_cast<double>(t), measure::lipschitz(clean[t], moved[t], e, other));
  };
  against("context", moved_context(e, probe));
  against("byte", model.embed(exchanged_byte(windows.ids, probe)));
  return curves;
}

std::vector<double> window_losses(const Raven& model, const Windows& windows, const Tensor& x0,
                                  std::int64_t recurrences) {
  const at::NoGradGuard no_grad;
  return losses_of(model, model.run(model.embed(windows.ids), x0, {recurrences, 0}), windows);
}

}  // namespace fathom::llm
