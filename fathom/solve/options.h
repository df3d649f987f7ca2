// How a fixed point y = G(y) is iterated and when each row of the batch stops. No torch in here.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>

#include "fathom/base/fields.h"

namespace fathom::solve {

// Row b is converged when  ||r|| <= atol*sqrt(d) + rtol*||G(y)||,  r = G(y) - y, L2 norms over the
// d elements of the row (of each part of a multi-tensor state: all parts must pass).
struct Stop {
  double rtol = 1e-5;
  double atol = 0;
  std::int64_t max_iter = 100;                               // evaluations of G per row
  double seconds = std::numeric_limits<double>::infinity();  // budget of the whole solve, wall time
  std::int64_t patience = 20;                                // iterations without a 1% better residual: stagnated
  double divergence = 1e3;                                   // residual > divergence * best: diverged

  bool operator==(const Stop&) const = default;
  void fields(base::Fields& f) {
    f.add("rtol", rtol, {.at_least = 0}, "row tolerance relative to ||G(y)||");
    f.add("atol", atol, {.at_least = 0}, "row tolerance per square root of its elements");
    f.add("max_iter", max_iter, {.at_least = 1}, "evaluations of G a row may use");
    f.add("seconds", seconds, {.above = 0}, "wall-time budget of the solve");
    f.add("patience", patience, {.at_least = 1},
          "iterations without a 1% better residual before a row counts as stagnated");
    f.add("divergence", divergence, {.above = 1}, "a residual this many times the best counts as diverged");
  }
};

// y+ = (1-tau) y + tau G(y).  [Krasnoselskii 1955; Mann 1953] when tau < 1.
struct Picard {
  double damping = 1.0;  // tau

  bool operator==(const Picard&) const = default;
  void fields(base::Fields& f) {
    f.add("damping", damping, {.above = 0, .at_most = 1}, "tau: y+ = (1-tau) y + tau G(y)");
  }
};

// Anderson acceleration, type II in difference form.  [Anderson 1965], [WalkerNi2011] Alg. AA,
// [FangSaad2009].
//   gamma = argmin ||r_k - DR gamma||^2 + ridge-term,   y+ = g_k - DG gamma - (1-beta)(r_k - DR
//   gamma)
struct Anderson {
  std::int64_t depth = 5;   // m: columns of history
  double damping = 1.0;     // beta
  double ridge = 1e-8;      // Tikhonov term relative to the squared length of each column
  double max_weight = 1e4;  // a step whose ||gamma|| exceeds it is replaced by the plain step
  double safeguard = 10;    // a residual above safeguard * best rolls the row back to the plain step from its best
  std::int64_t delay = 0;   // plain steps before mixing starts

  bool operator==(const Anderson&) const = default;
  void fields(base::Fields& f) {
    f.add("depth", depth, {.at_least = 1, .at_most = 32}, "m: columns of history");
    f.add("damping", damping, {.above = 0, .at_most = 1}, "beta: weight of the residual in the mixed step");
    f.add("ridge", ridge, {.at_least = 0, .at_most = 1}, "Tikhonov term relative to the squared length of each column");
    f.add("max_weight", max_weight, {.above = 0}, "largest norm of the mixing weights before the plain step is taken");
    f.add("safeguard", safeguard, {.above = 1}, "growth of the residual over the best that rolls a row back");
    f.add("delay", delay, {.at_least = 0}, "plain steps before mixing starts");
  }
};

using Solver = std::variant<Picard, Anderson>;

// What the loop itself may do, the same for every solver.
struct Loop {
  bool compact = true;             // drop finished rows when the map allows it
  std::int64_t compact_every = 1;  // look for finished rows every so many iterations
  double compact_below = 0.75;     // and gather the live ones when at most this share of the current rows is live

  bool operator==(const Loop&) const = default;
  void fields(base::Fields& f) {
    f.add("compact", compact, "drop finished rows from the batch when the map allows it");
    f.add("compact_every", compact_every, {.at_least = 1}, "iterations between looks for finished rows");
    f.add("compact_below", compact_below, {.above = 0, .at_most = 1}, "share of live rows at which they are gathered");
  }
};

// A solver chosen by name, as configuration files and command lines do it.
struct SolverChoice {
  std::string method = "anderson";
  Picard picard;
  Anderson anderson;

  Solver solver() const { return method == "picard" ? Solver(picard) : Solver(anderson); }
  void fields(base::Fields& f) {
    f.add_choice("method", method, {"picard", "anderson"}, "fixed-point solver");
    f.group("picard", picard);
    f.group("anderson", anderson);
  }
};

}  // namespace fathom::solve
