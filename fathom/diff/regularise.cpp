#include "fathom/diff/regularise.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/diff/steps.h"
#include "fathom/solve/validate.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/convert.h"

namespace fathom::diff {

namespace {

// G at y for derivatives with respect to y. Where grad mode is off outside, what follows is not recorded again.
struct At {
  bool record;
  Tensor y, g;  // (B, D)

  At(const Map& map, const State& state, const Rows& rows) : record(at::GradMode::is_enabled()) {
    const at::AutoGradMode enable(true);
    y = record ? state.flat() : state.flat().detach();
    if (!y.requires_grad()) y = y.detach().requires_grad_(true);
    g = map(state.with_flat(y), rows).flat();
  }
  Tensor pull(const Tensor& u) const {
    const at::AutoGradMode enable(true);
    return tensor::vjp({g}, {y}, {u}, /*retain_graph=*/true, record)[0];
  }
};

Tensor unit(const Tensor& rows) {
  const Tensor norm = at::linalg_vector_norm(rows, 2, {1}, true);
  return at::where(norm > 0, rows / norm, at::zeros_like(rows));
}

Tensor first_direction(const Tensor& like, std::int64_t seed) {
  base::Random random(static_cast<std::uint64_t>(seed));
  std::vector<double> entries(like.size(1));
  for (double& entry : entries) entry = random.normal();
  return unit(tensor::from_doubles(entries, {1, like.size(1)}, at::kDouble).to(like.options())).expand_as(like);
}

}  // namespace

Tensor jacobian_norm(const Map& map, const State& y, std::int64_t samples, const Rows& rows) {
  base::require(samples >= 1, "diff::jacobian_norm", "samples", samples, ">= 1", "one a step is usual");
  const At at(map, y, rows);
  Tensor sum = at::zeros({at.g.size(0)}, at.g.options());
  for (std::int64_t i = 0; i < samples; ++i) sum = sum + at.pull(at::randn_like(at.g)).square().sum(1);
  return sum / static_cast<double>(samples);
}

Tensor spectral_norm(const Map& map, const State& y, const SpectralPenalty& options, const Rows& rows) {
  solve::validate(options);
  const tensor::Linearization J(map, y, rows);
  Tensor w = first_direction(J.value().flat(), options.seed), image = J.jvp(w);
  for (std::int64_t i = 0; i < options.products; ++i) {
    w = unit(J.vjp(image));
    image = J.jvp(w);
  }
  const At at(map, y, rows);
  return (at.pull(unit(image)) * w).sum(1);
}

std::vector<Supervised> supervised(const Map& map, const State& y0, const std::vector<std::int64_t>& at,
                                   std::int64_t recorded, double discount) {
  constexpr const char* kPlace = "diff::supervised";
  if (at.empty() || at[0] < 1 || std::adjacent_find(at.begin(), at.end(), std::greater_equal<>()) != at.end()) {
    base::fail(kPlace, "the iterates asked for must be at least one, ascending and from 1 on; y_0 is no answer");
  }
  base::require(recorded >= 1, kPlace, "recorded", recorded, ">= 1", "an iterate without a graph gives no gradient");
  base::require(discount > 0 && discount <= 1, kPlace, "discount", discount, "in (0, 1]", "later iterates weigh more");
  std::vector<Supervised> out;
  State y = y0;
  std::int64_t done = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    // The next one may need steps before this one: they overlap where `recorded` is long.
    const std::int64_t from = std::max<std::int64_t>(0, at[i] - recorded);
    if (from < done) {
      y = y0;
      done = 0;
    }
    {
      const at::NoGradGuard no_grad;
      if (from > 0) y = recorded_steps(map, y.detach(), from - done, 1);
      done = from;
    }
    const auto later = static_cast<double>(at.size() - 1 - i);
    out.push_back({recorded_steps(map, y, at[i] - from, 1), at[i], std::pow(discount, later)});
  }
  return out;
}

}  // namespace fathom::diff
