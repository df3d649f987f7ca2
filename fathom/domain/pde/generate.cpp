#include "fathom/domain/pde/generate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/base/timer.h"
#include "fathom/domain/pde/holding_force.h"
#include "fathom/domain/pde/march.h"
#include "fathom/domain/pde/steady.h"

namespace fathom::pde {

namespace {

// Amplitudes of curl f = |k|^2 phi.
double ring(const SolvedOptions& options, double k) {
  const double away = (k - options.peak) / options.spread;
  return k * k * std::exp(-away * away);
}

// Amplitudes of w = |k| speed, the speed's energy in a ring of radius k following the density of a log-normal variable
// whose mode is the peak.
double log_normal(const ManufacturedOptions& options, double k) {
  const double s = options.spread, mean = std::log(options.peak) + s * s;
  const double away = (std::log(k) - mean) / s;
  const double density = std::exp(-0.5 * away * away) / (k * s * std::sqrt(2 * std::numbers::pi));
  return k * std::sqrt(density / (2 * std::numbers::pi * k));
}

void scale(std::vector<double>& values, double factor) {
  for (double& value : values) value *= factor;
}

double sum_of_squares(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

double largest_speed(const Flow::Velocity& velocity) {
  double most = 0;
  for (std::size_t i = 0; i < velocity.u.size(); ++i) most = std::max(most, std::hypot(velocity.u[i], velocity.v[i]));
  return most;
}

// A velocity as (2, N, N).
std::vector<double> stacked(const Flow& flow, const Flow::Velocity& velocity) {
  const std::int64_t n = flow.grid();
  std::vector<double> both(2 * n * n);
  for (std::int64_t x = 0; x < n; ++x) {
    for (std::int64_t y = 0; y < n; ++y) {
      both[x * n + y] = velocity.u[y * n + x];
      both[(n + x) * n + y] = velocity.v[y * n + x];
    }
  }
  return both;
}

}  // namespace

Generator::Generator(const GenerateOptions& options, std::uint64_t seed, std::string_view name)
    : options_(options), seed_(seed), name_(name), flow_(options.grid) {
  base::validate(base::fields_of(options_));
  spectrum_.assign(flow_.modes(), 0);
  const bool solved = options.generator == "solved";
  for (std::int64_t i = 1; i < flow_.modes(); ++i) {
    const double k = std::sqrt(flow_.minus_laplacian()[i]);
    spectrum_[i] = solved ? ring(options.solved, k) : log_normal(options.manufactured, k);
  }
  if (sum_of_squares(spectrum_) > 0) return;
  base::fail("pde::Generator", "no wave of the band |k| <= {} has an amplitude above 0; move the peak or widen it",
             flow_.waves());
}

std::vector<double> Generator::random_modes(std::uint64_t seed, const std::vector<double>& amplitude) const {
  base::Random random(seed);
  std::vector<double> modes(amplitude.size());
  for (std::size_t i = 0; i < modes.size(); ++i) modes[i] = amplitude[i] * random.normal();
  return modes;
}

Pair Generator::draw(std::uint64_t index) const {
  const base::Timer timer;
  const std::uint64_t seed = base::stream_seed(seed_, name_, index);
  Pair pair = options_.generator == "solved" ? solved(seed) : manufactured(seed);
  pair.seconds = timer.seconds();
  return pair;
}

std::vector<Pair> Generator::draw(std::uint64_t first, std::int64_t count) const {
  std::vector<Pair> pairs(count);
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < count; ++i) pairs[i] = draw(first + static_cast<std::uint64_t>(i));
  return pairs;
}

// The force of least norm that has a given curl is the velocity of which that curl is the vorticity.
Pair Generator::solved(std::uint64_t seed) const {
  std::vector<double> curl_f = random_modes(seed, spectrum_);
  Flow::Velocity force;
  flow_.velocity(curl_f.data(), force);
  const double points = static_cast<double>(force.u.size());
  const double size = std::sqrt((sum_of_squares(force.u) + sum_of_squares(force.v)) / (2 * points));
  const double factor = options_.solved.size / size;
  for (std::vector<double>* part : {&curl_f, &force.u, &force.v}) scale(*part, factor);

  const Steady steady = follow_stokes(flow_, curl_f, options_.viscosity, options_.solved.steady);
  Pair pair{.forcing = stacked(flow_, force),
            .solved = steady.solved,
            .residual = steady.residual,
            .amplitude = steady.amplitude,
            .solves = steady.solves,
            .evaluations = steady.evaluations,
            .products = steady.products};
  pair.vorticity.resize(flow_.grid() * flow_.grid());
  flow_.synthesise(steady.vorticity.data(), pair.vorticity.data());
  return pair;
}

Pair Generator::manufactured(std::uint64_t seed) const {
  const ManufacturedOptions& options = options_.manufactured;
  const double nu = options_.viscosity;
  const std::int64_t n = flow_.grid();
  std::vector<double> w = random_modes(seed, spectrum_);
  Flow::Velocity velocity;
  flow_.velocity(w.data(), velocity);
  scale(w, options.speed / largest_speed(velocity));
  w = march(flow_, std::move(w), nu, options.time, options.step);
  scale(w, std::sqrt(options.variance * static_cast<double>(n * n) / sum_of_squares(w)));

  Pair pair{.forcing = holding_force(flow_, w, nu, options.form == "convective" ? Form::convective : Form::rotational),
            .solved = true,
            .amplitude = 1};
  pair.vorticity.resize(n * n);
  flow_.synthesise(w.data(), pair.vorticity.data());
  std::vector<double> curl_f(w.size()), r(w.size());
  flow_.curl(pair.forcing.data(), pair.forcing.data() + n * n, curl_f.data());
  flow_.residual(w.data(), curl_f.data(), nu, r.data());
  pair.residual = std::sqrt(sum_of_squares(r) / sum_of_squares(curl_f));
  return pair;
}

}  // namespace fathom::pde
