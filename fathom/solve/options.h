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

// y+ = (1-tau) y + tau G(y).  [Krasnoselskii1955], [Mann1953] when tau < 1.
struct Picard {
  double damping = 1.0;  // tau

  bool operator==(const Picard&) const = default;
  void fields(base::Fields& f) {
    f.add("damping", damping, {.above = 0, .at_most = 1}, "tau: y+ = (1-tau) y + tau G(y)");
  }
};

// Anderson acceleration in difference form.  [Anderson1965], [WalkerNi2011] Alg. AA, [FangSaad2009].
//   type 2   gamma = argmin ||r_k - DR gamma||^2 + ridge-term
//   type 1   gamma solves DY'(r_k - DR gamma) = 0
//   y+ = g_k - DG gamma - (1-beta)(r_k - DR gamma)
struct Anderson {
  std::int64_t depth = 5;   // m: columns of history
  double damping = 1.0;     // beta
  double ridge = 1e-8;      // Tikhonov term relative to the squared length of each column
  double max_weight = 1e4;  // a step whose ||gamma|| exceeds it is replaced by the plain step
  double safeguard = 10;    // a residual above safeguard * best rolls the row back to the plain step from its best
  std::int64_t delay = 0;   // plain steps before mixing starts
  std::int64_t type = 2;    // 2: least residual; 1: the residual orthogonal to the steps
  // How the columns dr, dg are kept. bf16 halves the memory traffic of large states; a step is then off by at most
  // 2^-8 sum |gamma_j dg_j|, the fixed point by nothing. Type 2 alone; type 1 keeps all of them.
  std::string history = "full";

  bool operator==(const Anderson&) const = default;
  void fields(base::Fields& f) {
    f.add("depth", depth, {.at_least = 1, .at_most = 32}, "m: columns of history");
    f.add("damping", damping, {.above = 0, .at_most = 1}, "beta: weight of the residual in the mixed step");
    f.add("ridge", ridge, {.at_least = 0, .at_most = 1},
          "Tikhonov term relative to the squared length of each column (type 1: smallest relative pivot)");
    f.add("max_weight", max_weight, {.above = 0}, "largest norm of the mixing weights before the plain step is taken");
    f.add("safeguard", safeguard, {.above = 1}, "growth of the residual over the best that rolls a row back");
    f.add("delay", delay, {.at_least = 0}, "plain steps before mixing starts");
    f.add("type", type, {.at_least = 1, .at_most = 2}, "2: least residual, 1: residual orthogonal to the steps");
    f.add_choice("history", history, {"full", "bf16"},
                 "precision of the kept columns of type 2: bf16 halves their traffic");
  }
};

// Good Broyden with limited memory: y+ = y + beta K r, K ~ (I - J)^-1, K_0 = I.  [Broyden1965]
//   K+ = K + (s - K q)(K's)' / s'Kq,   s = y+ - y,   q = r - r+
struct Broyden {
  std::int64_t memory = 10;  // pairs kept; the row restarts from K = I with the newest pair when they are used
  double damping = 1.0;      // beta
  double safeguard = 10;     // a residual above safeguard * best takes the row back to its best

  bool operator==(const Broyden&) const = default;
  void fields(base::Fields& f) {
    f.add("memory", memory, {.at_least = 1, .at_most = 200}, "pairs kept before the row restarts with the newest one");
    f.add("damping", damping, {.above = 0, .at_most = 1}, "beta: y+ = y + beta K r");
    f.add("safeguard", safeguard, {.above = 1}, "growth of the residual over the best that rolls a row back");
  }
};

// Inexact Newton on r(y) = G(y) - y: (I - J) s = r by GMRES to ||(I - J) s - r|| <= eta ||r||, backtracking along s.
//   eta_k = forcing (||r_k|| / ||r_k-1||)^2, safeguarded  [EisenstatWalker1996] choice 2
struct NewtonKrylov {
  std::string jvp = "double_backward";  // how J v is formed; finite_difference needs no derivative of G
  std::int64_t restart = 30;            // GMRES basis vectors before a restart
  std::int64_t max_products = 200;      // products J v a row may use in one step
  double forcing = 0.9;                 // gamma of the forcing term
  double forcing_start = 0.1;           // eta of the first step
  double forcing_max = 0.5;             // largest eta
  std::int64_t max_backtracks = 10;     // shorter steps tried before a step is computed anew, more exactly

  bool operator==(const NewtonKrylov&) const = default;
  void fields(base::Fields& f) {
    f.add_choice("jvp", jvp, {"double_backward", "finite_difference"}, "how the products J v are formed");
    f.add("restart", restart, {.at_least = 1, .at_most = 200}, "GMRES basis vectors before a restart");
    f.add("max_products", max_products, {.at_least = 1}, "products J v a row may use in one Newton step");
    f.add("forcing", forcing, {.above = 0, .at_most = 1}, "factor of the squared residual ratio in the forcing term");
    f.add("forcing_start", forcing_start, {.above = 0, .below = 1}, "relative tolerance of the first linear solve");
    f.add("forcing_max", forcing_max, {.above = 0, .below = 1}, "largest relative tolerance of a linear solve");
    f.add("max_backtracks", max_backtracks, {.at_least = 1}, "shorter steps tried before a step is computed anew");
  }
};

// What share of max_iter a row may spend in each stage of Escalate before it is handed on.
struct EscalateShares {
  double picard = 0.2;
  double anderson = 0.4;

  bool operator==(const EscalateShares&) const = default;
  void fields(base::Fields& f) {
    f.add("picard", picard, {.above = 0, .at_most = 1}, "share of max_iter a row may spend in picard");
    f.add("anderson", anderson, {.above = 0, .at_most = 1}, "share of max_iter a row may spend in anderson");
  }
};

// picard -> anderson -> newton_krylov, row by row: a row goes on by the next when it stagnates, diverges, meets a
// number that is not finite, or has used its share.
struct Escalate {
  EscalateShares share;
  Picard picard;
  Anderson anderson;
  NewtonKrylov newton_krylov;

  bool operator==(const Escalate&) const = default;
  void fields(base::Fields& f) {
    f.group("share", share);
    f.group("picard", picard);
    f.group("anderson", anderson);
    f.group("newton_krylov", newton_krylov);
  }
};

// y' = (1-b) y + b G(z),  z' = (1-b) z + b G(y'): a fixed number of steps can be undone exactly.  [McCallum2025]
struct Reversible {
  double damping = 0.8;  // b

  bool operator==(const Reversible&) const = default;
  void fields(base::Fields& f) {
    f.add("damping", damping, {.above = 0, .below = 1}, "b: y' = (1-b) y + b G(z), z' = (1-b) z + b G(y')");
  }
};

using Solver = std::variant<Picard, Anderson, Broyden, NewtonKrylov, Escalate, Reversible>;

// What the loop itself may do, the same for every solver.
struct Loop {
  bool compact = true;             // drop finished rows when the map allows it
  std::int64_t compact_every = 1;  // look for finished rows every so many iterations
  double compact_below = 0.75;     // and gather the live ones when at most this share of the current rows is live
  bool tiles = true;               // solve a packed map a few rows at a time, each replaced when it is done (tiles.h)

  bool operator==(const Loop&) const = default;
  void fields(base::Fields& f) {
    f.add("compact", compact, "drop finished rows from the batch when the map allows it");
    f.add("compact_every", compact_every, {.at_least = 1}, "iterations between looks for finished rows");
    f.add("compact_below", compact_below, {.above = 0, .at_most = 1}, "share of live rows at which they are gathered");
    f.add("tiles", tiles, "solve a packed map a few rows at a time, each replaced when it is done");
  }
};

// A solver chosen by name, as configuration files and command lines do it. `escalate` uses the options of its stages.
struct SolverChoice {
  std::string method = "anderson";
  Picard picard;
  Anderson anderson;
  Broyden broyden;
  NewtonKrylov newton_krylov;
  EscalateShares escalate;
  Reversible reversible;

  Solver solver() const {
    if (method == "picard") return picard;
    if (method == "broyden") return broyden;
    if (method == "newton_krylov") return newton_krylov;
    if (method == "escalate") return Escalate{escalate, picard, anderson, newton_krylov};
    if (method == "reversible") return reversible;
    return anderson;
  }
  void fields(base::Fields& f) {
    f.add_choice("method", method, {"picard", "anderson", "broyden", "newton_krylov", "escalate", "reversible"},
                 "fixed-point solver");
    f.group("picard", picard);
    f.group("anderson", anderson);
    f.group("broyden", broyden);
    f.group("newton_krylov", newton_krylov);
    f.group("escalate", escalate);
    f.group("reversible", reversible);
  }
};

}  // namespace fathom::solve
