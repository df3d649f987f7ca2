#include "fathom/study/regularity.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/grad_mode.h>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/measure/spectral.h"
#include "fathom/measure/summary.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/study/unroll.h"

namespace fathom::study {

namespace {

using Table = std::vector<std::vector<double>>;

std::vector<double> finite_of(const Table& values) {
  std::vector<double> all;
  for (const std::vector<double>& point : values) {
    std::copy_if(point.begin(), point.end(), std::back_inserter(all), [](double v) { return std::isfinite(v); });
  }
  return all;
}

// Rows with a value of `bound` or more at some iterate; a value that is not known counts as none.
std::int64_t rows_beyond(const Table& values, double bound) {
  std::int64_t count = 0;
  for (std::size_t row = 0; row < values.at(0).size(); ++row) {
    count += std::any_of(values.begin(), values.end(),
                         [&](const std::vector<double>& point) { return point[row] >= bound; });
  }
  return count;
}

std::vector<std::int64_t> points(std::int64_t iterations) {
  std::vector<std::int64_t> list{0};
  for (std::int64_t t = 1; t < iterations; t *= 2) list.push_back(t);
  list.push_back(iterations);
  return list;
}

void probe_at(Regularity& out, const measure::Joint& G, const State& y0, const State& x, const State& y,
              std::int64_t t) {
  const Map map([&](const State& at, const Rows&) { return G(at, x); });
  const std::vector<double> unknown(y.batch(), std::numeric_limits<double>::quiet_NaN());
  out.t.push_back(t);
  out.mu.push_back(measure::sigma_max(map, y).value);
  out.radius.push_back(measure::spectral_radius(map, y).value);
  out.input_gain.push_back(measure::input_gain(G, y, x).value);
  out.sensitivity.push_back(t > 0 ? measure::sensitivity(G, y0, x, t).value : unknown);
  out.size.push_back(solve::row_norms(y.flat()));
}

// The largest ||dG/dx|| / (1 + ||y||).
double linear_growth(const Regularity& r) {
  Table ratio = r.input_gain;
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    for (std::size_t row = 0; row < ratio[i].size(); ++row) ratio[i][row] /= 1 + r.size[i][row];
  }
  return r.largest(ratio);
}

std::vector<std::string> line(const std::string& name, const Table& values) {
  const std::vector<double> finite = finite_of(values);
  if (finite.empty()) return {name, "-", "-", "-"};
  const auto [least, largest] = std::minmax_element(finite.begin(), finite.end());
  return {name, fmt::format("{:.4g}", measure::summarize(finite).mean), fmt::format("{:.4g}", *least),
          fmt::format("{:.4g}", *largest)};
}

std::string contraction_words(const Regularity& r) {
  const auto rows = static_cast<std::int64_t>(r.mu.at(0).size());
  const std::int64_t repelling = rows_beyond(r.radius, 1), expanding = rows_beyond(r.mu, 1);
  if (repelling > 0) {
    return fmt::format(
        "does not look regular: dG/dy has a spectral radius of up to {:.3g}, 1 or above for {} of {} "
        "inputs, so that G contracts in no norm there",
        r.largest(r.radius), repelling, rows);
  }
  if (expanding > 0) {
    return fmt::format(
        "may be regular, in a norm other than the 2-norm: ||dG/dy|| is up to {:.3g}, 1 or above for {} "
        "of {} inputs, but its spectral radius is at most {:.3g}",
        r.largest(r.mu), expanding, rows, r.largest(r.radius));
  }
  return fmt::format("looks regular: mu = ||dG/dy|| is at most {:.3g} along the iterates of all {} inputs",
                     r.largest(r.mu), rows);
}

}  // namespace

double Regularity::largest(const std::vector<std::vector<double>>& values) const {
  const std::vector<double> finite = finite_of(values);
  return finite.empty() ? std::numeric_limits<double>::quiet_NaN() : *std::max_element(finite.begin(), finite.end());
}

Regularity probe_regularity(const measure::Joint& G, const State& y0, const State& x, std::int64_t iterations) {
  base::require(iterations >= 1, "study::probe_regularity", "iterations", iterations, ">= 1",
                "the iterates are where it is probed");
  Regularity out;
  State y = y0.detach();
  std::int64_t done = 0;
  for (const std::int64_t t : points(iterations)) {
    for (; done < t; ++done) {
      const at::NoGradGuard no_grad;
      y = G(y, x);
    }
    probe_at(out, G, y0, x, y, t);
  }
  return out;
}

std::string verdict(const Regularity& r) {
  if (finite_of(r.mu).empty() || finite_of(r.radius).empty()) {
    return "Nothing can be said about regularity: the Jacobian is not finite on the probed inputs.";
  }
  return fmt::format(
      "On the probed inputs the block {}. ||dG/dx|| is at most {:.3g}, {:.3g} relative to 1 + ||y||; ||dy_t/dx|| grows "
      "to {:.3g} at t = {}.",
      contraction_words(r), r.largest(r.input_gain), linear_growth(r), r.largest({r.sensitivity.back()}), r.t.back());
}

base::Table to_table(const Regularity& r) {
  return {.title = "",
          .header = {"over the rows and iterates", "mean", "least", "largest"},
          .rows = {line("mu = norm of dG/dy", r.mu), line("spectral radius of dG/dy", r.radius),
                   line("Lipschitz constant of G in x", r.input_gain),
                   line("Lipschitz constant of y_t in x", r.sensitivity)}};
}

std::vector<base::Curve> curves(const Regularity& r, const std::string& model) {
  const std::vector<std::pair<const char*, const Table*>> quantities{
      {"mu", &r.mu}, {"radius", &r.radius}, {"lipschitz_x", &r.input_gain}, {"sensitivity", &r.sensitivity}};
  std::vector<base::Curve> list;
  for (const auto& [quantity, values] : quantities) {
    base::Curve curve{model, quantity, "all", {}, {}, {}, {}};
    for (std::size_t i = 0; i < r.t.size(); ++i) add_point(curve, static_cast<double>(r.t[i]), (*values)[i]);
    list.push_back(std::move(curve));
  }
  return list;
}

}  // namespace fathom::study
