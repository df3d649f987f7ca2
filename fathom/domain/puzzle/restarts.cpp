#include "fathom/domain/puzzle/restarts.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/where.h>

#include "fathom/base/seed.h"
#include "fathom/tensor/device.h"

namespace fathom::puzzle {

namespace {

struct Candidate {
  Tensor h, residual;  // (B, ...), (B, 1, ...)
};

Candidate run(const LoopedNet& model, const Tensor& injected, Tensor h, std::int64_t depth) {
  for (std::int64_t t = 0; t < depth; ++t) h = model.step(h, injected);
  const Tensor r = (model.step(h, injected) - h).flatten(1).norm(2, 1);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(h.dim()), 1);
  shape[0] = -1;
  return {h, r.view(shape)};
}

void take_better(Candidate& best, const Candidate& other) {
  const Tensor better = other.residual < best.residual;
  best = {at::where(better, other.h, best.h), at::where(better, other.residual, best.residual)};
}

}  // namespace

std::vector<Tensor> answers_by_breadth(const LoopedNet& model, const Tensor& x, std::int64_t depth, std::uint64_t seed,
                                       const std::vector<std::int64_t>& breadths) {
  at::NoGradGuard no_grad;
  const Tensor injected = model.injection(x), own = model.start(x);
  std::vector<Tensor> logits;
  Candidate best = run(model, injected, own, depth);
  std::int64_t tried = 1;
  for (const std::int64_t breadth : breadths) {
    for (; tried < breadth; ++tried) {
      tensor::seed(base::stream_seed(seed, "restart", static_cast<std::uint64_t>(tried)));
      take_better(best, run(model, injected, at::randn_like(own), depth));
    }
    logits.push_back(model.read_out(best.h));
  }
  return logits;
}

}  // namespace fathom::puzzle
