#include "fathom/domain/pde/refine.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/base/error.h"

namespace fathom::pde {

namespace {

constexpr std::int64_t kTrials = 60;  // a prediction has one try, a path has many short ones

double apart(const Steady& one, const Steady& other) {
  if (!one.solved || !other.solved) return std::numeric_limits<double>::quiet_NaN();
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < one.vorticity.size(); ++i) {
    const double d = one.vorticity[i] - other.vorticity[i];
    difference += d * d;
    size += other.vorticity[i] * other.vorticity[i];
  }
  return size > 0 ? std::sqrt(difference / size) : 0;
}

void check_grid(const Flow& flow, const Tensor& forcing, const Tensor& start) {
  const std::int64_t n = flow.grid(), count = start.size(0);
  const bool fits =
      start.sizes() == at::IntArrayRef({count, n, n}) && forcing.sizes() == at::IntArrayRef({count, 2, n, n});
  if (!fits)
    base::fail("pde::refine", "the fields' grids violate = {} x {}, the flow's; make the Flow of their grid", n, n);
}

}  // namespace

Refined refine(const Flow& flow, const Tensor& forcing, const Tensor& start, double viscosity, SteadyOptions options) {
  check_grid(flow, forcing, start);
  options.first_step = 1;  // the Stokes start is not to be made longer than it need be
  SteadyOptions at_once = options;
  at_once.trials = std::max(options.trials, kTrials);
  const std::int64_t count = start.size(0), points = flow.grid() * flow.grid();
  const Tensor f = forcing.to(at::kCPU, at::kDouble).contiguous(), w = start.to(at::kCPU, at::kDouble).contiguous();
  Refined refined{.vorticity = w.clone()};
  refined.from_start.resize(count);
  refined.from_stokes.resize(count);
  refined.apart.resize(count);
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<double> curl_f(flow.modes()), modes(flow.modes());
    const double* force = f.data_ptr<double>() + 2 * i * points;
    flow.curl(force, force + points, curl_f.data());
    flow.analyse(w.data_ptr<double>() + i * points, modes.data());
    modes[0] = 0;
    Steady &one = refined.from_start[i], &other = refined.from_stokes[i];
    one = solve_from(flow, curl_f, viscosity, modes, at_once);
    other = follow_stokes(flow, curl_f, viscosity, options);
    refined.apart[i] = apart(one, other);
    if (!one.solved && !other.solved) continue;
    flow.synthesise((one.solved ? one : other).vorticity.data(), refined.vorticity.data_ptr<double>() + i * points);
  }
  return refined;
}

}  // namespace fathom::pde
