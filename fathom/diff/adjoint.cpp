#include "fathom/diff/adjoint.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/convert.h"

namespace fathom::diff {

namespace {

Tensor row_norms(const Tensor& rows) { return at::linalg_vector_norm(rows, 2, {1}, true, at::kDouble); }

AdjointReport report_of(const Tensor& v, const solve::LinearSolution& solution) {
  return {.status = solution.status,
          .relative_residual = solution.relative_residual,
          .iterations = solution.iterations,
          .calls = solution.calls};
}

// The linear map u -> v + J'u is a map like any other. ||r|| <= atol sqrt(D) with ||v|| = 1 is the test of the header.
AdjointSolution by_fixed_point(const solve::LinearMap& vjp, const Tensor& v, const Implicit& options) {
  const Map map([&](const Tensor& u) { return v + vjp(u); });
  const solve::Solver solver = options.adjoint == "picard" ? solve::Solver(solve::Picard{}) : options.anderson;
  const double width = std::max<double>(1, static_cast<double>(v.size(1)));
  const solve::Stop stop{.rtol = 0, .atol = options.rtol / std::sqrt(width), .max_iter = options.max_iter};
  const Solution solution = solve::fixed_point(map, v, solver, stop);
  return {solution.y.only(),
          {.status = solution.status,
           .relative_residual = solution.residual,
           .iterations = solution.iterations,
           .calls = solution.calls}};
}

AdjointSolution by_gmres(const solve::LinearMap& vjp, const Tensor& v, const Implicit& options) {
  const solve::LinearMap A = [&](const Tensor& u) { return u - vjp(u); };
  const solve::LinearSolution solution =
      solve::gmres(A, v, {.rtol = options.rtol, .max_iter = options.max_iter, .restart = options.restart});
  return {solution.x, report_of(v, solution)};
}

double worst(const std::vector<double>& residuals) {
  double most = 0;
  for (const double residual : residuals) {
    if (std::isnan(residual)) return residual;
    most = std::max(most, residual);
  }
  return most;
}

std::string describe(const AdjointReport& report, const Implicit& options) {
  const auto failed = std::count_if(report.status.begin(), report.status.end(),
                                    [](solve::Status s) { return s != solve::Status::converged; });
  if (failed == 0) {
    return fmt::format("adjoint ({}) converged for {} rows in {} products, worst relative residual {:.1e}.",
                       options.adjoint, report.status.size(), report.calls, report.worst_relative_residual);
  }
  return fmt::format(
      "adjoint ({}) of {} of {} rows did not reach rtol = {:.1e} in {} products: worst relative residual {:.1e}.",
      options.adjoint, failed, report.status.size(), options.rtol, report.calls, report.worst_relative_residual);
}

}  // namespace

bool AdjointReport::converged() const {
  return calls >= 0 &&
         std::all_of(status.begin(), status.end(), [](solve::Status s) { return s == solve::Status::converged; });
}

AdjointSolution solve_adjoint(const solve::LinearMap& vjp, const Tensor& v, const Implicit& options) {
  const at::NoGradGuard no_grad;
  const Tensor norm = row_norms(v);
  const Tensor scale = at::where(norm > 0, norm, at::ones_like(norm)).to(v.scalar_type());
  const Tensor unit = v.detach() / scale;
  AdjointSolution solution =
      options.adjoint == "gmres" ? by_gmres(vjp, unit, options) : by_fixed_point(vjp, unit, options);
  solution.u = solution.u * scale;
  solution.report.worst_relative_residual = worst(solution.report.relative_residual);
  solution.report.message = describe(solution.report, options);
  return solution;
}

std::vector<double> rounding_floor(const Tensor& u, const Tensor& v) {
  const double eps =
      v.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
  return tensor::to_doubles(32 * eps * row_norms(u.detach()) / row_norms(v.detach()));
}

}  // namespace fathom::diff
