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

// The products u'J, however they are made: (*packed)(u) where there is one.
struct Products {
  solve::LinearMap vjp;
  const PackedVjp* packed = nullptr;

  // u -> v + J'u, a map like any other.
  Map adjoint(const Tensor& v) const {
    if (packed != nullptr) return packed->adjoint(v);
    return Map([this, v](const Tensor& u) { return v + vjp(u); });
  }
};

// ||r|| <= atol sqrt(D) with ||v|| = 1 is the test of the header.
AdjointSolution by_fixed_point(const Products& products, const Tensor& v, const Implicit& options,
                               const Tensor& start) {
  const Map map = products.adjoint(v);
  const solve::Solver solver = options.adjoint == "picard" ? solve::Solver(solve::Picard{}) : options.anderson;
  const double width = std::max<double>(1, static_cast<double>(v.size(1)));
  const solve::Stop stop{.rtol = 0, .atol = options.rtol / std::sqrt(width), .max_iter = options.max_iter};
  const Solution solution = solve::fixed_point(map, start, solver, stop);
  return {solution.y.only(),
          {.status = solution.status,
           .relative_residual = solution.residual,
           .iterations = solution.iterations,
           .calls = solution.calls}};
}

AdjointSolution by_gmres(const solve::LinearMap& vjp, const Tensor& v, const Implicit& options, const Tensor& start) {
  const solve::LinearMap A = [&](const Tensor& u) { return u - vjp(u); };
  const solve::LinearSolution solution =
      solve::gmres(A, v, {.rtol = options.rtol, .max_iter = options.max_iter, .restart = options.restart}, start);
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

// The series, one term at a time: u = sum_{i<terms} (J')^i v and its residual (J')^terms v.
class Series {
 public:
  Series(const solve::LinearMap& vjp, const Tensor& v) : vjp_(vjp), u_(v), next_(vjp(v)), before_(v.size(0), 1.0) {
    residual_ = norms();
  }

  void add() {
    u_ = u_ + next_;
    next_ = vjp_(next_);
    ++terms_;
    before_ = std::move(residual_);
    residual_ = norms();
  }
  const Tensor& u() const { return u_; }
  std::int64_t terms() const { return terms_; }
  const std::vector<double>& residual() const { return residual_; }

  // Whether every row that can still be saved is at most `more` terms from rtol, at the rate of its last one.
  bool can_reach(double rtol, std::int64_t more) const {
    for (std::size_t row = 0; row < residual_.size(); ++row) {
      const double r = residual_[row];
      if (r <= rtol || !std::isfinite(r)) continue;
      const double rate = r / before_[row];
      if (rate >= 1 || std::log(rtol / r) / std::log(rate) > static_cast<double>(more)) return false;
    }
    return true;
  }
  bool reached(double rtol) const {
    return std::all_of(residual_.begin(), residual_.end(), [&](double r) { return !(r > rtol) || std::isinf(r); });
  }

 private:
  std::vector<double> norms() const { return tensor::to_doubles(row_norms(next_)); }

  const solve::LinearMap& vjp_;
  Tensor u_, next_;
  std::int64_t terms_ = 1;
  std::vector<double> before_, residual_;  // [row], the last two
};

// A row within `rtol` is converged; of the others those that grew beyond v are diverged.
AdjointSolution result_of(const Series& series, double rtol, std::string method) {
  AdjointSolution solution{series.u(), {}};
  AdjointReport& report = solution.report;
  for (const double residual : series.residual()) {
    report.status.push_back(!std::isfinite(residual) ? solve::Status::nonfinite
                            : residual <= rtol       ? solve::Status::converged
                            : residual > 1           ? solve::Status::diverged
                                                     : solve::Status::max_iter);
  }
  report.relative_residual = series.residual();
  report.iterations.assign(series.residual().size(), series.terms());
  report.calls = series.terms();
  report.method = std::move(method);
  return solution;
}

// How the adjoint of unit rows v is found, and how that is put into words.
struct Solve {
  const Products& products;
  const Tensor& v;

  AdjointSolution operator()(const Implicit& options) const { return from(v, options); }
  AdjointSolution operator()(const Neumann& options) const {
    Series series(products.vjp, v);
    while (series.terms() < options.terms) series.add();
    return result_of(series, 0, fmt::format("neumann, {} terms", options.terms));
  }
  AdjointSolution operator()(const Adaptive& options) const {
    Series series(products.vjp, v);
    while (!series.reached(options.rtol) && series.can_reach(options.rtol, options.terms - series.terms())) {
      series.add();
    }
    if (series.reached(options.rtol)) {
      return result_of(series, options.rtol,
                       series.terms() == 1 ? "jacobian_free" : fmt::format("neumann, {} terms", series.terms()));
    }
    return handed_over(series, options);
  }

  AdjointSolution from(const Tensor& start, const Implicit& options) const {
    AdjointSolution solution = options.adjoint == "gmres" ? by_gmres(products.vjp, v, options, start)
                                                          : by_fixed_point(products, v, options, start);
    solution.report.method = options.adjoint;
    return solution;
  }
  // A series that grew is no place to start from.
  AdjointSolution handed_over(const Series& series, const Adaptive& options) const {
    const std::vector<double>& r = series.residual();
    const bool grew = std::any_of(r.begin(), r.end(), [](double residual) { return !(residual <= 1); });
    AdjointSolution solution = from(grew ? v : series.u(), options.implicit());
    for (std::int64_t& count : solution.report.iterations) count += series.terms();
    solution.report.calls += series.terms();
    solution.report.method += fmt::format(" after {} terms of neumann", series.terms());
    return solution;
  }
};

std::string describe(const AdjointReport& report, const Adjoint& adjoint) {
  if (std::holds_alternative<Neumann>(adjoint)) {
    return fmt::format("adjoint ({}) of {} rows: worst relative residual {:.1e}.", report.method, report.status.size(),
                       report.worst_relative_residual);
  }
  const auto failed = std::count_if(report.status.begin(), report.status.end(),
                                    [](solve::Status s) { return s != solve::Status::converged; });
  if (failed == 0) {
    return fmt::format("adjoint ({}) converged for {} rows in {} products, worst relative residual {:.1e}.",
                       report.method, report.status.size(), report.calls, report.worst_relative_residual);
  }
  return fmt::format(
      "adjoint ({}) of {} of {} rows did not reach rtol = {:.1e} in {} products: worst relative residual {:.1e}.",
      report.method, failed, report.status.size(), tolerance(adjoint), report.calls, report.worst_relative_residual);
}

struct ToleranceOf {
  double operator()(const Implicit& options) const { return options.rtol; }
  double operator()(const Adaptive& options) const { return options.rtol; }
  double operator()(const Neumann&) const { return 1; }
};

AdjointSolution solve_by(const Products& products, const Tensor& v, const Adjoint& adjoint) {
  const at::NoGradGuard no_grad;
  const Tensor norm = row_norms(v);
  const Tensor scale = at::where(norm > 0, norm, at::ones_like(norm)).to(v.scalar_type());
  const Tensor unit = v.detach() / scale;
  AdjointSolution solution = std::visit(Solve{products, unit}, adjoint);
  solution.u = solution.u * scale;
  solution.report.worst_relative_residual = worst(solution.report.relative_residual);
  solution.report.message = describe(solution.report, adjoint);
  return solution;
}

}  // namespace

bool AdjointReport::converged() const {
  return calls >= 0 &&
         std::all_of(status.begin(), status.end(), [](solve::Status s) { return s == solve::Status::converged; });
}

double tolerance(const Adjoint& adjoint) { return std::visit(ToleranceOf{}, adjoint); }

AdjointSolution solve_adjoint(const solve::LinearMap& vjp, const Tensor& v, const Adjoint& adjoint) {
  return solve_by({vjp}, v, adjoint);
}

AdjointSolution solve_adjoint(const PackedVjp& vjp, const Tensor& v, const Adjoint& adjoint) {
  return solve_by({[&](const Tensor& u) { return vjp(u); }, &vjp}, v, adjoint);
}

std::vector<double> rounding_floor(const Tensor& u, const Tensor& v) {
  const double eps =
      v.scalar_type() == at::kDouble ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon();
  return tensor::to_doubles(32 * eps * row_norms(u.detach()) / row_norms(v.detach()));
}

}  // namespace fathom::diff
