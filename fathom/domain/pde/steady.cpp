#include "fathom/domain/pde/steady.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"

namespace fathom::pde {

namespace {

double norm(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

// to = (-nu lap)^-1 from, the mean 0.
void unstokes(const Flow& flow, double viscosity, double* values) {
  const std::vector<double>& square = flow.minus_laplacian();
  values[0] = 0;
  for (std::int64_t i = 1; i < flow.modes(); ++i) values[i] /= viscosity * square[i];
}

// G of a batch.
Tensor image(const Flow& flow, double viscosity, const Tensor& w, const Tensor& curl_f) {
  Tensor g = at::empty_like(w);
  const std::int64_t modes = flow.modes();
  for (std::int64_t row = 0; row < w.size(0); ++row) {
    double* to = g.data_ptr<double>() + row * modes;
    const double* forcing = curl_f.data_ptr<double>() + row * modes;
    flow.convection(w.data_ptr<double>() + row * modes, to);
    for (std::int64_t i = 0; i < modes; ++i) to[i] = forcing[i] - to[i];
    unstokes(flow, viscosity, to);
  }
  return g;
}

// One forcing, solved at one amplitude after the other.
class Path {
 public:
  Path(const Flow& flow, const std::vector<double>& curl_f, double viscosity, const SteadyOptions& options)
      : flow_(flow), curl_f_(curl_f), viscosity_(viscosity), options_(options) {
    const auto check = [&](std::size_t size, const char* name) {
      base::require(static_cast<std::int64_t>(size) == flow.modes(), "pde::solve_steady", name, size,
                    fmt::format("{} numbers", flow.modes()), "give the coefficients of Flow::analyse or Flow::curl");
    };
    check(curl_f.size(), "curl_f");
    base::require(viscosity > 0 && std::isfinite(viscosity), "pde::solve_steady", "viscosity", viscosity, "> 0",
                  "a steady flow needs friction");
    SteadyOptions copy = options;
    base::validate(base::fields_of(copy));
  }

  // True, with y the solution, if Newton converges from y at this amplitude.
  bool solve(double amplitude, double rtol, std::vector<double>& y) {
    std::vector<double> forcing = curl_f_;
    for (double& value : forcing) value *= amplitude;
    const Map map = steady_map(flow_, row_of(forcing), viscosity_);
    const solve::Stop stop{.rtol = rtol, .max_iter = options_.trials};
    const Solution solution = solve::fixed_point(map, row_of(y), options_.newton, stop);
    ++out_.solves;
    out_.evaluations += solution.iterations[0];
    out_.products += solution.products[0];
    const double* values = solution.y.only().data_ptr<double>();
    y.assign(values, values + y.size());
    return solution.converged();
  }

  Steady finish(const std::vector<double>& y, double amplitude, bool solved) {
    out_.vorticity = y;
    out_.amplitude = amplitude;
    out_.solved = solved;
    std::vector<double> r(y.size());
    flow_.residual(y.data(), curl_f_.data(), viscosity_, r.data());
    const double size = norm(curl_f_);
    out_.residual = size > 0 ? norm(r) / size : norm(r);
    return out_;
  }

 private:
  Tensor row_of(std::vector<double>& values) const {
    return at::from_blob(values.data(), {1, flow_.modes()}, at::kDouble);
  }

  const Flow& flow_;
  const std::vector<double>& curl_f_;
  double viscosity_;
  SteadyOptions options_;
  Steady out_;
};

// y = a + t (a - b)
std::vector<double> along(const std::vector<double>& a, const std::vector<double>& b, double t) {
  std::vector<double> y(a.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = a[i] + t * (a[i] - b[i]);
  return y;
}

}  // namespace

Map steady_map(const Flow& flow, const Tensor& curl_f, double viscosity) {
  return Map([&flow, curl_f, viscosity](const Tensor& w, const Rows& rows) {
    return image(flow, viscosity, w.contiguous(), rows.of(curl_f));
  });
}

Steady solve_from(const Flow& flow, const std::vector<double>& curl_f, double viscosity,
                  const std::vector<double>& start, const SteadyOptions& options) {
  Path path(flow, curl_f, viscosity, options);
  base::require(start.size() == curl_f.size(), "pde::solve_from", "start", start.size(),
                fmt::format("{} numbers", curl_f.size()), "give the coefficients of Flow::analyse");
  std::vector<double> y = start;
  const bool solved = path.solve(1, options.rtol, y);
  return path.finish(y, 1, solved);
}

Steady follow_stokes(const Flow& flow, const std::vector<double>& curl_f, double viscosity,
                     const SteadyOptions& options) {
  Path path(flow, curl_f, viscosity, options);
  std::vector<double> stokes = curl_f;
  unstokes(flow, viscosity, stokes.data());
  const std::vector<double> rest(stokes.size(), 0.0);
  if (norm(stokes) == 0) return path.finish(rest, 1, true);
  // The last two points of the path: the tangent at rest is the Stokes flow.
  double before = -1, now = 0, step = options.first_step;
  std::vector<double> y_before = along(rest, stokes, 1), y_now = rest;
  while (step >= options.least_step) {
    const double next = std::min(1.0, now + step);
    std::vector<double> y = along(y_now, y_before, (next - now) / (now - before));
    if (path.solve(next, next < 1 ? options.path_rtol : options.rtol, y)) {
      if (next == 1) return path.finish(y, 1, true);
      y_before = std::move(y_now);
      y_now = std::move(y);
      before = now;
      now = next;
      step *= options.grow;
    } else {
      step *= options.shrink;
    }
  }
  return path.finish(y_now, now, false);
}

}  // namespace fathom::pde
