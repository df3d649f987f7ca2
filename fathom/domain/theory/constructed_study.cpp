#include "fathom/domain/theory/constructed_study.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/domain/theory/picture.h"
#include "fathom/study/unroll.h"
#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

using base::Figure;

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

// ---- the figure

std::vector<double> as_doubles(const std::vector<std::int64_t>& t) { return {t.begin(), t.end()}; }

std::vector<double> first(const std::vector<double>& values, std::int64_t count) {
  return {values.begin(), values.begin() + count};
}

Figure::Panel map_panel(const ConstructedStudy& s) {
  const std::vector<double> F = drawn_values(s.probed, s.target.value(s.probed.x));
  const bool norm = s.target.outputs > 1;
  Figure::Panel panel{s.target.name + "-map", norm ? "Norm of y_t over that of F" : "y_t over F", s.target.place,
                      norm ? "norm of the output" : "output"};
  panel.log_x = spans_decades(s.probed.place);
  panel.log_y = spans_decades(F);
  panel.lines.push_back(drawn_line("F", s.probed, F));
  for (std::size_t k = 0; k < s.dynamics.drawn.size(); ++k) {
    panel.lines.push_back(drawn_line(fmt::format("t = {}", s.dynamics.drawn_t[k]), s.probed,
                                     drawn_values(s.probed, s.dynamics.drawn[k])));
  }
  return panel;
}

Figure::Panel error_panel(const ConstructedStudy& s) {
  const std::vector<double> t = as_doubles(s.dynamics.t);
  Figure::Panel panel{
      s.target.name + "-error", "Error of y_t", "iteration t", "|y_t - F| / (1 + |F|), lower is better", true, true};
  panel.lines = {line("mean over x", t, s.dynamics.error), line("greatest", t, s.dynamics.largest_error),
                 line("mean of (1 - eps)^t", t, s.dynamics.predicted_error)};
  return panel;
}

Figure::Panel lipschitz_panel(const ConstructedStudy& s) {
  Figure::Panel panel{
      s.target.name + "-lipschitz", "Lipschitz constant of y_t", "iteration t", "over the probed pairs", true, true};
  panel.lines = {line("y_t", as_doubles(s.dynamics.t), s.dynamics.lipschitz)};
  panel.levels = {{s.dynamics.target_lipschitz, "F: " + short_number(s.dynamics.target_lipschitz)}};
  return panel;
}

Figure::Panel iterations_panel(const ConstructedStudy& s, double rtol) {
  const std::int64_t drawn = s.probed.drawn();
  Figure::Panel panel{s.target.name + "-iterations", "Iterations to tolerance", s.target.place,
                      fmt::format("to a relative residual of {:g}", rtol)};
  panel.log_x = spans_decades(s.probed.place);
  panel.lines = {drawn_line("measured", s.probed, first(s.fixed_points.iterations, drawn)),
                 drawn_line("predicted", s.probed, first(s.fixed_points.predicted, drawn))};
  panel.log_y = spans_decades(first(s.fixed_points.predicted, drawn));
  return panel;
}

std::string dips_in_words(const Dynamics& d) {
  if (d.dips == 0) return "It never fell below an earlier value.";
  return fmt::format(
      "It fell below an earlier value at {} of {} t, by {:.2g}% at most (t = {}): there the term t eps' (1 - "
      "eps)^(t-1) F "
      "of the slope reaches {}, against {} of (1 - (1 - eps)^t) F', and has the other sign.",
      d.dips, d.t.size(), 100 * d.deepest_dip, d.deepest_at, short_number(d.dip_step_term),
      short_number(d.dip_slope_term));
}

std::string caption_of(const ConstructedStudy& s, const ConstructedConfig& config) {
  const Dynamics& d = s.dynamics;
  const auto [fewest, most] = std::minmax_element(s.fixed_points.iterations.begin(), s.fixed_points.iterations.end());
  std::string text = fmt::format("F = {}, as the fixed point of G(y, x) = {}. ", s.target.formula, s.op.formula);
  text += fmt::format(
      "Predicted: x -> G(y, x) has a Lipschitz constant of at most {} + {} |y|, mu(x) = 1 - eps(x) < 1, the error is "
      "(1 - eps)^t |F|, the Lipschitz constant of y_t grows to that of F, and iterations go like 1 / eps(x). ",
      short_number(s.op.a), short_number(s.op.b));
  text += fmt::format(
      "Measured on {} points: at most {:.3g} of that bound, mu at most {:.7g}; the error follows the formula within "
      "{:.1e}; the Lipschitz constant goes from {} to {} at t = {}, F has {}. ",
      s.probed.points(), s.regularity.excess, s.regularity.largest_mu, d.deviation, short_number(d.lipschitz.front()),
      short_number(d.lipschitz.back()), d.t.back(), short_number(d.target_lipschitz));
  text += dips_in_words(d);
  text += fmt::format(" Iterations to a residual of {:g}: {} to {}, within {} of the prediction.", config.rtol, *fewest,
                      *most, s.fixed_points.largest_difference);
  return text;
}

void append_figure(const ConstructedStudy& s, const ConstructedConfig& config, base::StudyRecord& record) {
  Figure figure{.section = "Constructed: F = " + s.target.formula, .caption = caption_of(s, config)};
  figure.panels = {map_panel(s), error_panel(s), lipschitz_panel(s), iterations_panel(s, config.rtol)};
  record.figures.push_back(std::move(figure));
}

Figure::Panel approach_panel(const std::vector<ConstructedStudy>& studies, const std::string& name,
                             const std::string& title, Approach ConstructedStudy::*which) {
  Figure::Panel panel{
      name, title, "distance kept from the singular set, relative to the study's", "Lipschitz constant of G(0, x) in x",
      true, true};
  for (const ConstructedStudy& s : studies) {
    const Approach& approach = s.*which;
    if (approach.margin.empty()) continue;
    std::vector<double> relative;
    for (const double margin : approach.margin) relative.push_back(margin / approach.margin.front());
    panel.lines.push_back(
        line(s.target.formula, {relative.rbegin(), relative.rend()}, {approach.gain.rbegin(), approach.gain.rend()}));
  }
  return panel;
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
  append_figure(study, config, record);
}

void append_approach(const std::vector<ConstructedStudy>& studies, const ConstructedConfig& config,
                     base::StudyRecord& record) {
  Figure figure{.section = "Regular, and not"};
  figure.panels = {approach_panel(studies, "approach-regular", "Adaptive step", &ConstructedStudy::approach),
                   approach_panel(studies, "approach-constant", "Constant step", &ConstructedStudy::refused_approach)};
  if (figure.panels[0].lines.empty()) return;
  double least = INFINITY, greatest = 0, regular = 0;
  std::int64_t refused = 0, targets = 0;
  for (const ConstructedStudy& s : studies) {
    if (s.approach.margin.empty()) continue;
    least = std::min(least, s.refused_approach.growth());
    greatest = std::max(greatest, s.refused_approach.growth());
    ++targets;
    if (!s.refused.regular()) ++refused;
    regular = std::max(regular, *std::max_element(s.approach.gain.begin(), s.approach.gain.end()) / s.op.a);
  }
  figure.caption = fmt::format(
      "The same points 4, 16 and 64 times nearer to where F blows up. Predicted: with the adaptive step the Lipschitz "
      "constant of x -> G(0, x) stays below one bound, a, however near; with a constant step it is that of F and grows "
      "without end: G = F + {:g} (y - F) contracts, has the fixed point F, and is not regular. Measured: at most "
      "{:.3g} of a; "
      "{} to {} times greater at the nearest points. The checks accept the adaptive step and refuse the constant one "
      "on {} of {} targets.",
      1 - config.step, regular, short_number(least), short_number(greatest), refused, targets);
  record.figures.push_back(std::move(figure));
}

void append_reciprocal(const ConstructedConfig& config, base::StudyRecord& record) {
  constexpr double kLow = 1e-3, kError = 1e-10;
  const Target target = make_target("reciprocal", {});
  const Probed probed = target.probe(kLow, config.points, 0);
  const auto T = static_cast<std::int64_t>(std::ceil(8 / (config.eta * kLow)));
  const ReciprocalCheck check = check_reciprocal(probed, config.eta, T);
  const Regularity regularity = check_regularity(reciprocal_operator(config.eta), target, probed);
  const std::string name = "y - eta (x y - 1)";
  at_most(record, name + ": sup relative error of y_t against the closed form, float64", check.error, kError);
  record.checks.push_back({name + ": least relative increase of Lip(y_t) from t to t + 1", check.least_increase, 0,
                           check.least_increase > 0});
  at_most(record, name + ": Lip(y_t) against that of the closed form, relative", check.lipschitz_error, 1e-6);
  at_most(record, name + ": Lipschitz constant in x over eta |y|", regularity.excess, 1);
  record.checks.push_back({name + ": largest contraction factor", regularity.largest_mu, 1, regularity.contracts()});
  base::Curve curve{name, "lipschitz", target.formula, {}, {}, {}, {}};
  std::vector<double> t, steepness, last;
  for (std::size_t i = 1; i <= check.lipschitz.size(); i = std::max(i + 1, i * 6 / 5)) {
    t.push_back(static_cast<double>(i));
    steepness.push_back(check.lipschitz[i - 1]);
    add(curve, t.back(), steepness.back(), steepness.back());
  }
  record.curves.push_back(std::move(curve));
  Figure figure{.section = "A regular operator without 1/x in it"};
  Figure::Panel map{"reciprocal-operator-map", "y_t over 1/x", "x", "output", true, true};
  map.lines.push_back(drawn_line("1/x", probed, drawn_values(probed, target.value(probed.x))));
  for (const double at : {1.0, 10.0, 100.0, 1000.0, static_cast<double>(T)}) {
    map.lines.push_back(drawn_line(fmt::format("t = {:g}", at), probed,
                                   drawn_values(probed, reciprocal_iterate(probed.x, config.eta, at))));
  }
  Figure::Panel growth{
      "reciprocal-operator-lipschitz", "Lipschitz constant of y_t", "iteration t", "over the probed pairs", true, true};
  growth.lines = {line("y_t", t, steepness)};
  const double limit = lipschitz(probed, target.value(probed.x));
  growth.levels = {{limit, "1/x: " + short_number(limit)}};
  figure.panels = {map, growth};
  figure.caption = fmt::format(
      "G(y, x) = y - {:g} (x y - 1) on [{:g}, 1]. Predicted: |dG/dx| = eta |y|, mu(x) = 1 - eta x, y_t = (1 - (1 - eta "
      "x)^t) / x, and a Lipschitz constant of y_t that grows with every t to that of 1/x. Measured in float64 at every "
      "t up "
      "to {}: y_t is within {:.1e} of the closed form, relative; the constant grows at every step and ends at {:.4g} "
      "of "
      "{:.4g}.",
      config.eta, kLow, T, check.error, check.lipschitz.back(), limit);
  record.figures.push_back(std::move(figure));
}

}  // namespace fathom::theory
