#include "fathom/domain/theory/necessity_study.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/domain/theory/necessity.h"
#include "fathom/domain/theory/picture.h"

namespace fathom::theory {

namespace {

using base::Figure;

// Differences of fixed points are off by 1e-4 of their length by curvature, and less by the solver's tolerance.
constexpr double kRatio = 1 + 1e-3;

// One family at every mu.
struct FamilyStudy {
  std::string family;
  std::vector<double> at, measured, bound, ratio;  // at: 1 / (1 - mu)
  std::int64_t unsolved = 0;

  double largest_ratio() const { return *std::max_element(ratio.begin(), ratio.end()); }
};

FamilyStudy study(const std::string& family, const NecessityConfig& config, std::uint64_t seed) {
  FamilyStudy s{.family = family};
  for (const double mu : config.mu) {
    const Necessity n = measure_necessity(make_family(family, mu, seed), mu, seed);
    s.at.push_back(1 / (1 - mu));
    s.measured.push_back(n.measured);
    s.bound.push_back(n.bound);
    s.ratio.push_back(n.largest_ratio);
    s.unsolved += n.points - n.converged;
  }
  return s;
}

void append_checks(const FamilyStudy& s, base::StudyRecord& record) {
  record.checks.push_back(
      {fmt::format("necessity, {}: local Lipschitz constant of y* over Lip(G in x) / (1 - mu)", s.family),
       s.largest_ratio(), kRatio, s.largest_ratio() <= kRatio});
  record.checks.push_back(
      {fmt::format("necessity, {}: points not solved", s.family), static_cast<double>(s.unsolved), 0, s.unsolved == 0});
}

// mean: the greatest local Lipschitz constant; max: the bound at that point.
void append_curve(const FamilyStudy& s, base::StudyRecord& record) {
  record.curves.push_back({s.family, "local Lipschitz constant of y* over 1 / (1 - mu)", "necessity", s.at, s.measured,
                           std::vector<double>(s.at.size(), 0), s.bound});
}

std::string caption_of(const std::vector<FamilyStudy>& all) {
  double least = INFINITY, greatest = 0;
  for (const FamilyStudy& s : all) {
    least = std::min(least, *std::min_element(s.ratio.begin(), s.ratio.end()));
    greatest = std::max(greatest, s.largest_ratio());
  }
  return fmt::format(
      "Four families of regular operators with mu -> 1. Predicted: the fixed point is locally Lipschitz with a "
      "constant of "
      "at most Lip(G in x) / (1 - mu(x)), so that a steep one needs mu near 1, and slow convergence there. Measured: "
      "between {:.3g} and {:.4g} of that bound. The affine family attains it; the rotation, whose eigenvalues keep "
      "away "
      "from 1, stays far below it: the bound is no equality.",
      least, greatest);
}

Figure figure_of(const std::vector<FamilyStudy>& all) {
  Figure::Panel steep{"necessity-lipschitz",
                      "Local Lipschitz constant of y*",
                      "1 / (1 - mu)",
                      "the greatest over the points",
                      true,
                      true};
  Figure::Panel ratio{"necessity-ratio",
                      "The same over its bound",
                      "1 / (1 - mu)",
                      "over Lip(G in x) / (1 - mu(x)), at most 1",
                      true,
                      false};
  for (const FamilyStudy& s : all) {
    steep.lines.push_back(line(s.family, s.at, s.measured));
    ratio.lines.push_back(line(s.family, s.at, s.ratio));
  }
  return {.section = "Necessity", .caption = caption_of(all), .panels = {steep, ratio}};
}

}  // namespace

void append_necessity(const NecessityConfig& config, std::uint64_t seed, base::StudyRecord& record) {
  if (config.mu.empty()) return;
  std::vector<FamilyStudy> all;
  for (const std::string& family : kFamilies) {
    all.push_back(study(family, config, seed));
    append_curve(all.back(), record);
    append_checks(all.back(), record);
  }
  record.figures.push_back(figure_of(all));
}

}  // namespace fathom::theory
