#include "fathom/domain/puzzle/sudoku_net.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "fathom/base/seed.h"

namespace fathom::puzzle {

namespace {

constexpr double kEps = 1e-6;
constexpr std::int64_t kFeatures = 2, kUnitKinds = 4;
constexpr std::uint64_t kStartSeed = 0;
// A mean over nine candidates of which one or two matter is small; this makes it as large as the candidate's own state.
constexpr double kUnitScale = 4;

// (B, digit, row, column) -> (B, row, column, digit, 2).
Tensor features(const Tensor& x) {
  const Tensor clue = x.permute({0, 2, 3, 1});
  return at::stack({clue, clue.sum(-1, true) - clue}, -1);
}

Tensor uniform(std::int64_t in, std::int64_t out, std::int64_t fan_in) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  return at::empty({in, out}, at::kFloat).uniform_(-bound, bound);
}

SudokuBlock make_block(torch::nn::Module& module, std::int64_t width, const std::string& suffix) {
  const auto make = [&](const char* name, std::int64_t in, std::int64_t fan_in) {
    return module.register_parameter(name + suffix, uniform(in, width, fan_in));
  };
  const std::int64_t fan = (1 + kUnitKinds) * width + kFeatures;
  SudokuBlock block;
  block.recall = make("recall", width, fan);
  block.inject = make("inject", kFeatures, fan);
  block.lines = make("lines", width, fan);
  block.boxes = make("boxes", width, fan);
  block.digits = make("digits", width, fan);
  block.first = make("first", width, width);
  block.second = make("second", width, width);
  return block;
}

Tensor make_head(torch::nn::Module& module, std::int64_t width) {
  return module.register_parameter("head", uniform(width, 1, width));
}

// (1, row, column, digit, width)
Tensor make_start(torch::nn::Module& module, std::int64_t width) {
  base::Random random(base::stream_seed(kStartSeed, "sudoku start"));
  Tensor start = at::empty({1, 9, 9, 9, width}, at::kFloat);
  float* values = start.data_ptr<float>();
  for (std::int64_t i = 0; i < start.numel(); ++i) values[i] = static_cast<float>(random.normal());
  return module.register_buffer("start", start);
}

Tensor start_of(const Tensor& start, const Tensor& x) { return start.expand({x.size(0), 9, 9, 9, start.size(4)}); }

Tensor mean_of_boxes(const Tensor& h) {
  return h.view({h.size(0), 3, 3, 3, 3, 9, h.size(4)}).mean(std::vector<std::int64_t>{2, 4}, true);
}

// A value a box to every cell of it.
Tensor to_cells(const Tensor& of_boxes) {
  const std::int64_t rows = of_boxes.size(0), width = of_boxes.size(6);
  return of_boxes.expand({rows, 3, 3, 3, 3, 9, width}).reshape({rows, 9, 9, 9, width});
}

Tensor logits_of(const Tensor& h, const Tensor& head) { return at::matmul(h, head).squeeze(-1).permute({0, 3, 1, 2}); }

}  // namespace

Tensor SudokuBlock::injection(const Tensor& x) const { return at::matmul(features(x), inject); }

Tensor SudokuBlock::operator()(const Tensor& state, const Tensor& injected) const {
  const Tensor h = state.contiguous();
  const Tensor row = at::matmul(h.mean(2, true), lines), column = at::matmul(h.mean(1, true), lines);
  const Tensor cell = at::matmul(h.mean(3, true), digits), box = to_cells(at::matmul(mean_of_boxes(h), boxes));
  const Tensor u = at::relu(at::matmul(h, recall) + kUnitScale * (row + column + cell + box) + injected);
  const Tensor v = at::relu(u + at::matmul(at::relu(at::matmul(u, first)), second));
  return v * v.square().mean(-1, true).add(kEps).rsqrt();
}

SudokuNet::SudokuNet(const ModelOptions& options)
    : block_(make_block(*this, options.width, "")),
      head_(make_head(*this, options.width)),
      start_(make_start(*this, options.width)) {}

Tensor SudokuNet::start(const Tensor& x) const { return start_of(start_, x); }

Tensor SudokuNet::read_out(const Tensor& h) const { return logits_of(h, head_); }

SudokuDeepNet::SudokuDeepNet(const ModelOptions& options) {
  for (std::int64_t i = 0; i < options.rounds; ++i)
    blocks_.push_back(make_block(*this, options.width, fmt::format("{}", i)));
  head_ = make_head(*this, options.width);
  start_ = make_start(*this, options.width);
}

Tensor SudokuDeepNet::forward(const Tensor& x, std::int64_t) const {
  Tensor h = start_of(start_, x);
  for (const SudokuBlock& block : blocks_) h = block(h, block.injection(x));
  return logits_of(h, head_);
}

}  // namespace fathom::puzzle
