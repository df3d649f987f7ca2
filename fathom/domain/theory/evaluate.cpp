// The whole record: what is constructed, what is necessary, what was learned.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/base/progress.h"
#include "fathom/domain/theory/constructed_study.h"
#include "fathom/domain/theory/learned_study.h"
#include "fathom/domain/theory/necessity.h"
#include "fathom/domain/theory/picture.h"

namespace fathom::theory {

namespace {

using base::Figure;

void append_constructed(const Config& config, std::uint64_t seed, base::StudyRecord& record) {
  const std::vector<std::string> names = config.constructed_targets();
  if (names.empty()) return;
  base::Progress progress("constructed", static_cast<std::int64_t>(names.size()));
  std::vector<ConstructedStudy> studies;
  for (const std::string& name : names) {
    studies.push_back(study_constructed(config.constructed, make_target(name, config.target), seed));
    append(studies.back(), config.constructed, record);
    progress.update(static_cast<std::int64_t>(studies.size()), name);
  }
  append_approach(studies, config.constructed, record);
  append_reciprocal(config.constructed, record);
}

std::vector<Necessity> measure_families(const Config& config, std::uint64_t seed) {
  std::vector<Necessity> list;
  for (const std::string& family : kFamilies) {
    for (const double mu : config.necessity.mu) {
      list.push_back(measure_necessity(make_family(family, mu, seed), mu, seed));
    }
  }
  return list;
}

void append_necessity_checks(const std::vector<Necessity>& all, base::StudyRecord& record) {
  for (const std::string& family : kFamilies) {
    double ratio = 0, unsolved = 0;
    for (const Necessity& n : all) {
      if (n.family != family) continue;
      ratio = std::max(ratio, n.largest_ratio);
      unsolved += static_cast<double>(n.points - n.converged);
    }
    // Differences of fixed points: 1e-4 of their own length by curvature, less by the solver's tolerance.
    constexpr double kBound = 1 + 1e-3;
    record.checks.push_back(
        {fmt::format("necessity, {}: local Lipschitz constant of y* over Lip(G in x) / (1 - mu)", family), ratio,
         kBound, ratio <= kBound});
    record.checks.push_back({fmt::format("necessity, {}: points not solved", family), unsolved, 0, unsolved == 0});
  }
}

void append_necessity(const Config& config, std::uint64_t seed, base::StudyRecord& record) {
  if (config.necessity.mu.empty()) return;
  const std::vector<Necessity> all = measure_families(config, seed);
  append_necessity_checks(all, record);
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
  double least = INFINITY, greatest = 0;
  for (const std::string& family : kFamilies) {
    std::vector<double> at, measured, share;
    base::Curve curve{family, "necessity: local Lipschitz constant over 1/(1 - mu)", "all", {}, {}, {}, {}};
    for (const Necessity& n : all) {
      if (n.family != family) continue;
      at.push_back(1 / (1 - n.mu));
      measured.push_back(n.measured);
      share.push_back(n.largest_ratio);
      curve.t.push_back(at.back());
      curve.mean.push_back(n.measured);
      curve.std.push_back(0);
      curve.max.push_back(n.bound);
      least = std::min(least, n.largest_ratio);
      greatest = std::max(greatest, n.largest_ratio);
    }
    steep.lines.push_back(line(family, at, measured));
    ratio.lines.push_back(line(family, at, share));
    record.curves.push_back(std::move(curve));
  }
  Figure figure{.section = "Necessity", .panels = {steep, ratio}};
  figure.caption = fmt::format(
      "Four families of regular operators with mu -> 1. Predicted: the fixed point is locally Lipschitz with a "
      "constant of "
      "at most Lip(G in x) / (1 - mu(x)), so that a steep one needs mu near 1, and slow convergence there. Measured: "
      "between "
      "{:.3g} and {:.4g} of that bound; the affine family attains it, the rotation, whose eigenvalues keep away from "
      "1, "
      "stays far below it: the bound is no equality.",
      least, greatest);
  record.figures.push_back(std::move(figure));
}

}  // namespace

base::StudyRecord evaluate(const Config& config, const Run& run) {
  config.check();
  base::StudyRecord record;
  record.domain = "theory";
  record.protocol = "constructed and learned";
  record.seed = run.seed;
  if (!config.learned_targets().empty()) {
    record.train_samples = config.learned.points;
    record.test_samples = 4 * config.learned.points;
    record.statistics["training_depth"] = static_cast<double>(config.learned.depth);
  }
  append_learned(config, run, record);
  append_constructed(config, run.seed, record);
  append_necessity(config, run.seed, record);
  return record;
}

}  // namespace fathom::theory
