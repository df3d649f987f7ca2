// What the models are fitted to, and how a gradient is taken through the implicit one.
//
//   loss = mean over the batch and the samples of (x^ - x)^2
//
//   hook       K plain iterations without a graph, one more with one: x^ = G(x_K). In its backward pass v = J'v + u,
//              J taken at x^, is iterated plainly from v = u, at most `steps` times, until the batch's mean of
//              ||v_k - v_{k-1}|| / ||v_k|| falls below a tolerance (looked at from the third on). The original's way.
//   others     those of diff/ at the equilibrium (training_answer.h).
#pragma once

#include <cstdint>

#include "fathom/domain/imaging/model.h"

namespace fathom::imaging {

// x, x^ (N, C, H, W) -> a number.
Tensor squared_loss(const Tensor& answer, const Tensor& target);

struct Hook {
  std::int64_t iterations = 20;  // K
  std::int64_t steps = 20;       // of the adjoint, at most
  double tolerance = 1e-5;
};

// Backward once.
Tensor hook_answer(const DeblurModel& model, const Blur& blur, const Tensor& y, const Hook& hook);

// By how much the step multiplies the change of x that it multiplies most, per image, (N) with a graph: above 1 the
// plain iteration leaves its fixed point, however well it is solved for otherwise.
//   v <- (G(x + e v) - G(x)) / ||.||, `steps` times on packed weights from a random v
//   rate = ||G(x + e v) - G(x)|| / e
// e = 0.01 ||x||. Near a fixed point and for small e this tends to the spectral radius of dG/dx. A training holds the
// rate down where the loss alone would not: it asks nothing of G but where its fixed point is.
// Cost: steps + 1 evaluations without a graph and two with one. The same numbers for the same seed.
Tensor growth_rate(const DeblurModel& model, const Blur& blur, const Tensor& y, const Tensor& x, std::int64_t steps,
                   std::uint64_t seed);

// Errors (fathom::Error): a step size that is no longer positive, a sigma below 0, or one that is not finite. The
// hint says what to change.
void require_sound(const DeblurModel& model, std::int64_t update);

}  // namespace fathom::imaging
