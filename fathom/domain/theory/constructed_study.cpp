#include "fathom/domain/theory/constructed_study.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

constexpr double kUnit = 1.1102230246251565e-16;  // 2^-53
constexpr double kGrowth = 5, kShortfall = 0.05;

std::string name_of(const Target& target) { return target.formula; }

void at_most(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value <= bound});
}

void at_least(base::StudyRecord& record, std::string name, double value, double bound) {
  record.checks.push_back({std::move(name), value, bound, value >= bound});
}

// Every step rounds by a few units of ||F|| and contracts what came before by 1 - eps.
double rounding_of_iterates(const ConstructedStudy& s) {
  return 8 * kUnit / *std::min_element(s.eps.begin(), s.eps.end());
}

// A target that is not steeper than y_1 by the factor asked for cannot grow by it.
bool is_steep(const Dynamics& d) { return d.target_lipschitz * (1 - kShortfall) >= kGrowth * d.lipschitz.front(); }

void append_checks(const ConstructedStudy& s, const ConstructedConfig& config, base::StudyRecord& record) {
  const std::string F = name_of(s.target);
  at_most(record, F + ": Lipschitz constant of G in x over a + b |y|", s.regularity.excess, 1);
  record.checks.push_back(
      {F + ": largest contraction factor mu(x)", s.regularity.largest_mu, 1, s.regularity.largest_mu < 1});
  at_most(record, F + ": Lipschitz constant of mu(x)", s.regularity.mu_slope, s.regularity.claimed_mu_slope);
  at_least(record, F + ": points at which the solver converged", static_cast<double>(s.fixed_points.converged),
           static_cast<double>(s.probed.points()));
  at_most(record, F + ": distance of fixed points to F over the solver's bound", s.fixed_points.excess, 1 + 1e-6);
  at_most(record, F + ": iterations to tolerance against the prediction", s.fixed_points.largest_difference, 1);
  at_most(record, F + ": |error(t, x) - (1 - eps)^t |F||, relative", s.dynamics.deviation, rounding_of_iterates(s));
  if (is_steep(s.dynamics)) {
    at_least(record, F + ": running maximum of Lip(y_t), last t over first", s.dynamics.growth(), kGrowth);
  }
  at_most(record, F + ": Lip(y_T) against Lip(F), relative", s.dynamics.shortfall(), kShortfall);
  if (s.refused.excess > 1) {
    at_least(record, fmt::format("{}: constant step refused, its Lipschitz constant in x over a + b |y|", F),
             s.refused.excess, 1);
  }
  if (s.approach.margin.empty()) return;
  at_most(record, F + ": Lipschitz constant of G(0, x) ever nearer the singular set",
          *std::max_element(s.approach.gain.begin(), s.approach.gain.end()), s.op.a * (1 + 1e-9));
  at_least(record, F + ": that of the constant step, 64 times nearer over here", s.refused_approach.growth(), 2);
}

base::Curve curve(const std::string& target, const std::string& quantity) {
  return {"regular operator", quantity, target, {}, {}, {}, {}};
}

void add(base::Curve& curve, double t, double mean, double max) {
  curve.t.push_back(t);
  curve.mean.push_back(mean);
  curve.std.push_back(0);
  curve.max.push_back(max);
}

void append_curves(const ConstructedStudy& s, base::StudyRecord& record) {
  base::Curve error = curve(name_of(s.target), "error"), steepness = curve(name_of(s.target), "lipschitz"),
              iterations = curve(name_of(s.target), "iterations to tolerance over " + s.target.place);
  const Dynamics& d = s.dynamics;
  for (std::size_t i = 0; i < d.t.size(); ++i) {
    add(error, static_cast<double>(d.t[i]), d.error[i], d.largest_error[i]);
    add(steepness, static_cast<double>(d.t[i]), d.lipschitz[i], d.lipschitz[i]);
  }
  for (std::size_t i = 0; i < s.probed.place.size(); ++i) {
    add(iterations, s.probed.place[i], s.fixed_points.iterations[i], s.fixed_points.iterations[i]);
  }
  record.curves.insert(record.curves.end(), {error, steepness, iterations});
}

}  // namespace

ConstructedStudy study_constructed(const ConstructedConfig& config, const Target& target, std::uint64_t seed) {
  const Probed probed = target.points(config.points, seed);
  const auto regular = [&](const Tensor& anchors) {
    return regular_operator(target, anchors, config.step, config.slope);
  };
  const auto constant = [&](const Tensor&) { return constant_step_operator(target, config.step, config.slope); };
  const Operator op = regular(probed.x);
  const Tensor eps = op.step(probed.x);
  ConstructedStudy s{target, probed, op, check_regularity(op, target, probed),
                     check_regularity(constant(probed.x), target, probed)};
  if (target.singular) {
    s.approach = approach(regular, target, config.points, seed);
    s.refused_approach = approach(constant, target, config.points, seed);
  }
  s.eps = tensor::to_doubles(eps);
  s.dynamics = run_dynamics(op, target, probed, iterations_needed(eps, config.iterations));
  s.fixed_points = find_fixed_points(op, target, probed, config.rtol, config.iterations);
  return s;
}

void append(const ConstructedStudy& study, const ConstructedConfig& config, base::StudyRecord& record) {
  append_curves(study, record);
  append_checks(study, config, record);
}

}  // namespace fathom::theory
