#include "fathom/diff/checkpointed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/base/timer.h"
#include "fathom/diff/replay.h"

namespace fathom::diff {

namespace {

// To the square root of the dtype's epsilon: rounding may differ between two runs on a GPU, dropout differs by more.
void require_same(const Tensor& again, const Tensor& first) {
  const double tolerance = std::sqrt(first.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon()
                                                                        : std::numeric_limits<float>::epsilon());
  const double scale = at::nan_to_num(first, 0, 0, 0).abs().max().item<double>();
  if (at::allclose(again, first, tolerance, tolerance * scale, /*equal_nan=*/true)) return;
  base::fail("diff::equilibrium",
             "G gives other values in the backward pass than in the forward one; Checkpointed needs the same ones (no "
             "dropout in training, no weights changed in between), or take Unrolled");
}

class Steps : public Replayed {
 public:
  Steps(Replay replay, const Tensor& y0, std::int64_t steps, std::int64_t segment, Tensors kept)
      : Replayed(std::move(replay), y0), steps_(steps), segment_(segment), kept_(std::move(kept)) {}

  std::string name() const override { return "fathom::diff::Checkpointed"; }

 private:
  Tensors pull_back(const Tensor& v) override {
    Tensors total(num_outputs());
    Tensor u = v;
    for (std::int64_t s = (steps_ - 1) / segment_; s >= 0; --s) u = pull_segment(s, u, total);
    total[0] = u;
    return total;
  }

  Tensor pull_segment(std::int64_t s, Tensor u, Tensors& total) {
    Tensors states = states_of(s);
    const std::size_t last = states.size();
    while (!states.empty()) {
      const Taped taped = replay().tape(states.back());
      if (states.size() == last) require_same(taped.value, kept_[s + 1]);
      states.pop_back();
      Tensors pulled = taped.pull(u);
      u = pulled[0].defined() ? pulled[0] : at::zeros_like(u);
      pulled[0].reset();
      accumulate(total, pulled);
    }
    return u;
  }

  // y_t of the segment, all but its end.
  Tensors states_of(std::int64_t s) const {
    const std::int64_t count = std::min(segment_, steps_ - s * segment_);
    Tensors states{kept_[s]};
    while (static_cast<std::int64_t>(states.size()) < count) states.push_back(replay().again(states.back()));
    return states;
  }

  Replay::Program program() const override {
    return [steps = steps_](const Tensor& leaf, const auto& G) {
      Tensor y = leaf;
      for (std::int64_t t = 0; t < steps; ++t) y = G(y);
      return y;
    };
  }
  void release() override { kept_.clear(); }

  std::int64_t steps_, segment_;
  Tensors kept_;  // y at the start of every segment, and y_T
};

std::int64_t segment_length(const Checkpointed& options) {
  const auto count = options.checkpoints > 0
                         ? options.checkpoints
                         : static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(options.steps))));
  return (options.steps + count - 1) / count;
}

}  // namespace

Run run_checkpointed(const Map& map, const State& y0, const Checkpointed& options, const solve::Stop& stop) {
  // One step has nothing to keep.
  if (!at::GradMode::is_enabled() || options.steps < 2) return run_steps(map, y0, options.steps, options.steps, stop);
  const base::Timer timer;
  const std::int64_t segment = segment_length(options);
  Replay replay(map, y0);
  const Tensor start = y0.flat();
  Tensors kept;
  Tensor before, y = start.detach();
  for (std::int64_t t = 0; t < options.steps; ++t) {
    if (t % segment == 0) kept.push_back(y);
    before = y;
    y = replay.step(y);
  }
  kept.push_back(y);
  const auto node = tensor::make_node<Steps>(std::move(replay), start, options.steps, segment, std::move(kept));
  const State end = y0.with_flat(Replayed::attach(y, node));
  return {end, account_of_steps(y0.detach().with_flat(before), end.detach(), options.steps, stop, timer.seconds())};
}

}  // namespace fathom::diff
