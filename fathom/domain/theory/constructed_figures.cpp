#include "fathom/domain/theory/constructed_figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/domain/theory/picture.h"

namespace fathom::theory {

namespace {

using base::Figure;

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

void append_figure(const ConstructedStudy& s, const ConstructedConfig& config, base::StudyRecord& record) {
  Figure figure{.section = "Constructed: F = " + s.target.formula, .caption = caption_of(s, config)};
  figure.panels = {map_panel(s), error_panel(s), lipschitz_panel(s), iterations_panel(s, config.rtol)};
  record.figures.push_back(std::move(figure));
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

}  // namespace fathom::theory
