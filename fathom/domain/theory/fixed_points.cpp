#include "fathom/domain/theory/fixed_points.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/measure/lipschitz.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

constexpr double kRounding = 1e-12;  // of y - F, relative to 1 + ||F||: what no solver can see

struct Truth {
  std::vector<double> size, error, eps;
};

void compare(const Solution& solution, const Truth& rows, double rtol, FixedPoints& found) {
  found.converged = solution.count(solve::Status::converged);
  for (std::size_t i = 0; i < rows.eps.size(); ++i) {
    found.iterations.push_back(static_cast<double>(solution.iterations[i]));
    found.predicted.push_back(predicted_iterations(rows.eps[i], rtol, rows.size[i]));
    const double scale = 1 + rows.size[i];
    found.relative_error = std::max(found.relative_error, rows.error[i] / scale);
    if (solution.status[i] != solve::Status::converged) continue;
    found.largest_difference =
        std::max(found.largest_difference, std::abs(found.iterations.back() - found.predicted.back()));
    const double bound = solution.residual[i] / rows.eps[i] + kRounding * scale;
    found.excess = std::max(found.excess, rows.error[i] / bound);
  }
}

}  // namespace

double predicted_iterations(double eps, double rtol, double size) {
  if (size == 0) return 1;
  const double n = 1 + std::log(rtol / (eps + rtol * (1 - eps))) / std::log1p(-eps);
  return std::max(1.0, std::ceil(n));
}

FixedPoints find_fixed_points(const Operator& op, const Target& target, const Probed& probed, double rtol,
                              std::int64_t most) {
  const Tensor F = target.value(probed.x);
  const Map G = op.at(probed.x);
  const solve::Stop stop{.rtol = rtol, .max_iter = most, .patience = most};
  const Solution solution = solve::fixed_point(G, State(at::zeros_like(F)), solve::Picard{}, stop);
  const Truth rows{solve::row_norms(F), measure::distance(solution.y, State(F)), tensor::to_doubles(op.step(probed.x))};
  FixedPoints found;
  found.message = solution.brief();
  compare(solution, rows, rtol, found);
  const std::vector<double> moved = measure::distance(G(State(F)), State(F));
  for (std::size_t i = 0; i < moved.size(); ++i) {
    found.at_target = std::max(found.at_target, moved[i] / (1 + rows.size[i]));
  }
  return found;
}

}  // namespace fathom::theory
