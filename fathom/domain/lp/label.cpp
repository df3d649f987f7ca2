#include "fathom/domain/lp/label.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "fathom/base/seed.h"
#include "fathom/domain/lp/minimum_norm.h"
#include "fathom/domain/lp/quality.h"

namespace fathom::lp {

namespace {

constexpr double kAccuracy = 1e-9;  // what a label must reach
constexpr double kFlat = 1e-6;      // a face narrower than this is a point
constexpr double kZeroCosts[] = {1e-9, 1e-12,
                                 0};  // relative to the largest cost: a reduced cost up to it binds nothing

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

// Every nonbasic variable and slack costs something to move: the vertex is the only solution.
bool surely_unique(const Instance& p, const SimplexResult& solved, double zero) {
  for (std::int64_t j = 0; j < p.n; ++j) {
    const bool can_move = solved.basis.variables[j] != Place::basic && p.l[j] < p.u[j];
    if (can_move && std::abs(solved.reduced_cost[j]) <= zero) return false;
  }
  for (std::int64_t i = 0; i < p.m; ++i) {
    const bool can_move = solved.basis.rows[i] != Place::basic && !p.equality[i];
    if (can_move && std::abs(solved.y[i]) <= zero) return false;
  }
  return true;
}

// Complementary slackness: a variable with a reduced cost stays at its bound, a row with a dual is tight.
Instance optimal_face(const Instance& p, const SimplexResult& solved, double zero) {
  Instance face = p;
  for (std::int64_t j = 0; j < p.n; ++j) {
    const bool fixed = solved.basis.variables[j] != Place::basic && std::abs(solved.reduced_cost[j]) > zero;
    if (fixed) face.l[j] = face.u[j] = solved.x[j];
  }
  for (std::int64_t i = 0; i < p.m; ++i) {
    const bool tight = solved.basis.rows[i] != Place::basic && std::abs(solved.y[i]) > zero;
    if (tight) face.equality[i] = 1;
  }
  return face;
}

// The least and the greatest value of w'x on the face, for a random w: equal (almost surely) only where the face is a
// point.
bool is_point(Instance face, double scale) {
  base::Random random(base::stream_seed(0, "direction of a face"));
  for (double& w : face.c) w = random.normal();
  const SimplexResult least = simplex(face);
  for (double& w : face.c) w = -w;
  const SimplexResult greatest = simplex(face);
  if (least.outcome != Outcome::optimal || greatest.outcome != Outcome::optimal) return false;
  return -greatest.objective - least.objective <= kFlat * scale;
}

bool solves(const Instance& p, const std::vector<double>& x, double optimum) {
  const double scale = 1 + std::max(largest(x), largest(p.b));
  return violation(p, x) <= kAccuracy * scale &&
         std::abs(objective(p, x) - optimum) <= kAccuracy * (1 + std::abs(optimum));
}

std::optional<std::vector<double>> least_norm_solution(const Instance& p, const SimplexResult& solved) {
  for (const double zero : kZeroCosts) {
    const Projection projection = minimum_norm(optimal_face(p, solved, zero * largest(p.c)));
    if (projection.violation <= kAccuracy && solves(p, projection.x, solved.objective)) return projection.x;
  }
  return std::nullopt;
}

Label label_of(const Instance& p, const SimplexResult& solved) {
  Label label{.outcome = solved.outcome, .x = solved.x, .objective = solved.objective};
  if (solved.outcome != Outcome::optimal) return label;
  const double zero = kZeroCosts[0] * largest(p.c);
  label.unique = surely_unique(p, solved, zero) || is_point(optimal_face(p, solved, zero), 1 + largest(solved.x));
  label.least_norm = label.unique;
  return label;
}

}  // namespace

Label vertex_label(const Instance& instance) { return label_of(instance, simplex(instance)); }

Label minimum_norm_label(const Instance& instance) {
  const SimplexResult solved = simplex(instance);
  Label label = label_of(instance, solved);
  if (label.outcome != Outcome::optimal || label.unique) return label;
  if (const auto x = least_norm_solution(instance, solved)) {
    label.x = *x;
    label.objective = objective(instance, *x);
    label.least_norm = true;
  }
  return label;
}

}  // namespace fathom::lp
