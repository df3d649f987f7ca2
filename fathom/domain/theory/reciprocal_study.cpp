#include "fathom/domain/theory/reciprocal_study.h"

#include <algorithm>

#include <fmt/format.h>

#include "fathom/domain/theory/dynamics.h"
#include "fathom/domain/theory/picture.h"
#include "fathom/domain/theory/regularity.h"

namespace fathom::theory {

namespace {

using base::Figure;

constexpr double kLow = 1e-3, kError = 1e-10;

struct ReciprocalStudy {
  double eta = 0;
  std::int64_t T = 0;
  Target target;
  Probed probed;
  ReciprocalCheck check;
  Regularity regularity;
  std::vector<double> t, steepness;  // about a dozen t a decade, and Lip(y_t) there
};

ReciprocalStudy study(const ConstructedConfig& config) {
  ReciprocalStudy s{.eta = config.eta, .target = make_target("reciprocal", {})};
  s.probed = s.target.probe(kLow, config.points, 0);
  s.T = iterations_needed(reciprocal_operator(s.eta).step(s.probed.x), config.iterations);
  s.check = check_reciprocal(s.probed, s.eta, s.T);
  s.regularity = check_regularity(reciprocal_operator(s.eta), s.target, s.probed);
  for (std::size_t i = 1; i <= s.check.lipschitz.size(); i = std::max(i + 1, i * 6 / 5)) {
    s.t.push_back(static_cast<double>(i));
    s.steepness.push_back(s.check.lipschitz[i - 1]);
  }
  return s;
}

void append_checks(const ReciprocalStudy& s, base::StudyRecord& record) {
  const auto add = [&](const char* claim, double value, double bound, bool ok) {
    record.checks.push_back({std::string("y - eta (x y - 1): ") + claim, value, bound, ok});
  };
  const ReciprocalCheck& c = s.check;
  add("sup relative error of y_t against the closed form, float64", c.error, kError, c.error <= kError);
  add("least relative increase of Lip(y_t) from t to t + 1", c.least_increase, 0, c.least_increase > 0);
  add("Lip(y_t) against that of the closed form, relative", c.lipschitz_error, 1e-6, c.lipschitz_error <= 1e-6);
  add("Lipschitz constant in x over eta |y|", s.regularity.excess, 1, s.regularity.grows_linearly());
  add("largest contraction factor", s.regularity.largest_mu, 1, s.regularity.contracts());
}

Figure::Panel map_panel(const ReciprocalStudy& s) {
  Figure::Panel panel{"reciprocal-operator-map", "y_t over 1/x", "x", "output", true, true};
  panel.lines.push_back(drawn_line("1/x", s.probed, drawn_values(s.probed, s.target.value(s.probed.x))));
  for (double t = 1; t < static_cast<double>(s.T); t *= 10) {
    panel.lines.push_back(drawn_line(fmt::format("t = {:g}", t), s.probed,
                                     drawn_values(s.probed, reciprocal_iterate(s.probed.x, s.eta, t))));
  }
  return panel;
}

Figure figure_of(const ReciprocalStudy& s) {
  const double limit = lipschitz(s.probed, s.target.value(s.probed.x));
  Figure::Panel growth{
      "reciprocal-operator-lipschitz", "Lipschitz constant of y_t", "iteration t", "over the probed pairs", true, true};
  growth.lines = {line("y_t", s.t, s.steepness)};
  growth.levels = {{limit, "1/x: " + short_number(limit)}};
  Figure figure{.section = "A regular operator without 1/x in it", .panels = {map_panel(s), growth}};
  figure.caption = fmt::format(
      "G(y, x) = y - {:g} (x y - 1) on [{:g}, 1]. Predicted: |dG/dx| = eta |y|, mu(x) = 1 - eta x, y_t = (1 - (1 - eta "
      "x)^t) / x, and a Lipschitz constant of y_t that grows with every t to that of 1/x. Measured in float64 at every "
      "t "
      "up to {}: y_t is within {:.1e} of the closed form, relative; the constant {} and ends at {:.5g} of {:.5g}. The "
      "closed form is drawn.",
      s.eta, kLow, s.T, s.check.error,
      s.check.least_increase > 0 ? "grows at every step" : "does not grow at every step", s.check.lipschitz.back(),
      limit);
  return figure;
}

}  // namespace

void append_reciprocal(const ConstructedConfig& config, base::StudyRecord& record) {
  const ReciprocalStudy s = study(config);
  const std::vector<double> none(s.t.size(), 0);
  record.curves.push_back({"y - eta (x y - 1)", "lipschitz", s.target.formula, s.t, s.steepness, none, s.steepness});
  append_checks(s, record);
  record.figures.push_back(figure_of(s));
}

}  // namespace fathom::theory
