// Every gradient of one equilibrium at three gains: error, time, memory.
#include <ATen/ATen.h>

#include <fmt/format.h>

#include "bench/choose/page.h"
#include "bench/clock.h"
#include "fathom/diff/equilibrium.h"
#include "fathom/tensor/device.h"
#include "tests/support/memory.h"

namespace fathom::bench {

namespace {

constexpr std::int64_t kBatch = 64, kWidth = 256;
constexpr double kGains[] = {.5, .9, .99};

struct Cell {
  Tensor weight, injection, loss_weight;

  Cell(double gain, at::ScalarType type) {
    tensor::seed(kSeed);
    const Tensor q = std::get<0>(at::linalg_qr(at::randn({kWidth, kWidth}, at::kDouble)));
    const Tensor eigenvalues = at::linspace(-gain, gain, kWidth, at::kDouble);
    weight = at::mm(q * eigenvalues, q.t()).to(type).requires_grad_(true);
    injection = (.02 * at::randn({kBatch, kWidth}, at::kDouble)).to(type);
    loss_weight = at::randn({kBatch, kWidth}, at::kDouble).to(type);
  }
  Map map() const {
    return Map([w = weight, c = injection](const Tensor& y, const Rows& rows) {
      return at::tanh(at::addmm(rows.of(c), y, w));
    });
  }
  Tensor loss(const diff::Gradient& gradient, const solve::Stop& stop) const {
    const diff::Equilibrium e = diff::equilibrium(map(), at::zeros_like(injection), solve::Anderson{}, gradient, stop);
    return (e.y.only() * loss_weight).sum();
  }
  Tensor gradient(const diff::Gradient& gradient, const solve::Stop& stop) const {
    weight.mutable_grad().reset();
    loss(gradient, stop).backward();
    return weight.grad();
  }
};

struct Contender {
  std::string name;
  diff::Gradient gradient;
};

std::vector<Contender> contenders() {
  return {{"implicit, rtol 1e-6", diff::Implicit{.max_iter = 1000}},
          {"implicit, gmres, rtol 1e-6", diff::Implicit{.adjoint = "gmres", .max_iter = 1000}},
          {"implicit, rtol 1e-2", diff::Implicit{.rtol = 1e-2}},
          {"adaptive, rtol 1e-2", diff::Adaptive{.rtol = 1e-2}},
          {"neumann, 5 terms", diff::Neumann{5}},
          {"neumann, 20 terms", diff::Neumann{20}},
          {"jacobian_free", diff::JacobianFree{}},
          {"phantom, 5 steps", diff::Phantom{}},
          {"unrolled, 40 steps", diff::Unrolled{40}},
          {"unrolled, 400 steps", diff::Unrolled{400}},
          {"checkpointed, 400 steps", diff::Checkpointed{400}},
          {"truncated, 40 steps, last 4", diff::Truncated{40, 4}},
          {"reversible, 40 steps", diff::Reversible{.steps = 40}}};
}

double bare_seconds(const Cell& cell) {
  const at::NoGradGuard no_grad;
  const Map map = cell.map();
  const State start(at::zeros_like(cell.injection));
  return median_seconds([&] { return map(start); }, .2);
}

struct Cost {
  double forward = 0, backward = 0;  // seconds
  double states = 0;                 // of memory
};

Cost cost_of(const Cell& cell, const diff::Gradient& gradient, const solve::Stop& stop) {
  std::vector<double> forward, backward;
  for (int i = 0; i < 5; ++i) {
    cell.weight.mutable_grad().reset();
    const double start = processor_seconds();
    const Tensor loss = cell.loss(gradient, stop);
    forward.push_back(processor_seconds() - start);
    loss.backward();
    backward.push_back(processor_seconds() - start - forward.back());
  }
  const testing_support::MemoryCounter memory;
  cell.gradient(gradient, stop);
  return {median(forward), median(backward), static_cast<double>(memory.peak()) / (kBatch * kWidth * sizeof(float))};
}

base::Table table_of(double gain) {
  base::Table table{
      fmt::format("Gain {:g}", gain), {"gradient", "error", "forward, f", "backward, f", "memory, states"}, {}};
  const Tensor exact = Cell(gain, at::kDouble)
                           .gradient(diff::Implicit{.adjoint = "gmres", .rtol = 1e-12, .max_iter = 5000},
                                     {.rtol = 1e-12, .max_iter = 5000, .patience = 500});
  const Cell cell(gain, at::kFloat);
  const solve::Stop stop{.rtol = 1e-5, .max_iter = 1000};
  const double bare = bare_seconds(cell);
  for (const auto& [name, gradient] : contenders()) {
    const Tensor off = cell.gradient(gradient, stop).to(at::kDouble) - exact;
    const Cost cost = cost_of(cell, gradient, stop);
    table.rows.push_back({name, fmt::format("{:.1e}", (off.norm() / exact.norm()).item<double>()),
                          short_number(cost.forward / bare), short_number(cost.backward / bare),
                          short_number(cost.states)});
  }
  return table;
}

}  // namespace

std::vector<base::Table> gradient_tables() {
  std::vector<base::Table> tables;
  for (const double gain : kGains) tables.push_back(table_of(gain));
  return tables;
}

}  // namespace fathom::bench
