// How a gradient is taken through an equilibrium y* = G(y*, x; theta). Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "fathom/base/fields.h"
#include "fathom/solve/options.h"

namespace fathom::diff {

// u = v + J'u solved per row, then dL/dtheta = u' dG/dtheta. Exact at the equilibrium; memory of one taped G.
struct Implicit {
  std::string adjoint = "anderson";  // picard | anderson | gmres
  double rtol = 1e-6;                // ||residual|| <= rtol * ||v|| per row
  std::int64_t max_iter = 100;       // products u'J per row
  std::int64_t restart = 20;         // Krylov basis of gmres
  solve::Anderson anderson;

  void fields(base::Fields& f) {
    f.add_choice("adjoint", adjoint, {"picard", "anderson", "gmres"}, "solver of the adjoint u = v + J'u");
    f.add("rtol", rtol, {.above = 0, .below = 1}, "adjoint tolerance relative to ||v|| per row");
    f.add("max_iter", max_iter, {.at_least = 1}, "products with J' a row may use");
    f.add("restart", restart, {.at_least = 1, .at_most = 200}, "Krylov basis of gmres before a restart");
    f.group("anderson", anderson);
  }
  bool operator==(const Implicit&) const = default;
};

// `terms` terms of the series u = sum_{i<terms} (J')^i v at y*; memory of one taped G.
struct Neumann {
  std::int64_t terms = 5;

  void fields(base::Fields& f) { f.add("terms", terms, {.at_least = 1}, "terms of the series"); }
  bool operator==(const Neumann&) const = default;
};

// The cheapest u with ||v + J'u - u|| <= rtol * ||v|| per row: u = v (jacobian_free), else the Neumann series as long
// as it can get there in `terms`, else the solver of `Implicit` from where the series ended.
struct Adaptive {
  double rtol = 1e-2;
  std::int64_t terms = 10;           // of the series, at most
  std::string adjoint = "anderson";  // picard | anderson | gmres
  std::int64_t max_iter = 100;       // products u'J of that solver per row
  std::int64_t restart = 20;         // Krylov basis of gmres
  solve::Anderson anderson;

  Implicit implicit() const {
    return {.adjoint = adjoint, .rtol = rtol, .max_iter = max_iter, .restart = restart, .anderson = anderson};
  }
  void fields(base::Fields& f) {
    f.add("rtol", rtol, {.above = 0, .below = 1}, "adjoint tolerance relative to ||v|| per row");
    f.add("terms", terms, {.at_least = 1}, "terms of the Neumann series before a solver takes over");
    f.add_choice("adjoint", adjoint, {"picard", "anderson", "gmres"}, "solver that takes over");
    f.add("max_iter", max_iter, {.at_least = 1}, "products with J' a row may use in that solver");
    f.add("restart", restart, {.at_least = 1, .at_most = 200}, "Krylov basis of gmres before a restart");
    f.group("anderson", anderson);
  }
  bool operator==(const Adaptive&) const = default;
};

// One step of G with a graph at y*: u = v.  [Fung2022] arXiv:2103.12803
struct JacobianFree {
  void fields(base::Fields&) {}
  bool operator==(const JacobianFree&) const = default;
};

// `steps` damped steps with a graph from y*.  [Geng2021] arXiv:2111.05177
struct Phantom {
  std::int64_t steps = 5;
  double damping = 0.5;

  void fields(base::Fields& f) {
    f.add("steps", steps, {.at_least = 1}, "damped steps with a graph");
    f.add("damping", damping, {.above = 0, .at_most = 1}, "tau of each step");
  }
  bool operator==(const Phantom&) const = default;
};

// The whole iteration with a graph: `steps` plain steps from y0 (the solver is not used). Memory grows with the steps.
struct Unrolled {
  std::int64_t steps = 10;

  void fields(base::Fields& f) { f.add("steps", steps, {.at_least = 0}, "steps, all with a graph"); }
  bool operator==(const Unrolled&) const = default;
};

// `steps` plain steps from y0, the last `last` of them with a graph.
struct Truncated {
  std::int64_t steps = 10;
  std::int64_t last = 4;

  void fields(base::Fields& f) {
    f.add("steps", steps, {.at_least = 1}, "steps in all");
    f.add("last", last, {.at_least = 1}, "final steps with a graph");
  }
  bool operator==(const Truncated&) const = default;
};

// The gradient of Unrolled with the memory of `checkpoints` states: the steps between two of them are taken again in
// the backward pass.  [Griewank1992]; [Chen2016] arXiv:1604.06174
struct Checkpointed {
  std::int64_t steps = 10;
  std::int64_t checkpoints = 0;  // states kept; 0: about sqrt(steps)

  void fields(base::Fields& f) {
    f.add("steps", steps, {.at_least = 0}, "steps, all of which the gradient goes through");
    f.add("checkpoints", checkpoints, {.at_least = 0}, "states kept along the way; 0: about sqrt(steps)");
  }
  bool operator==(const Checkpointed&) const = default;
};

// `steps` steps of a coupled iteration that can be run backwards, so that no state need be kept (the solver is not
// used).  [McCallum2025] reversible deep equilibrium models
//   y' = (1-b) y + b G(z),   z' = (1-b) z + b G(y')
struct Reversible {
  std::int64_t steps = 10;
  double damping = 0.5;    // b
  double gain = 1;         // mu: a bound or a guess of ||dG/dy||, for the distance between checkpoints
  double drift = 0;        // relative error allowed on the way back; 0: square root of the dtype's epsilon
  std::int64_t every = 0;  // steps between checkpoints; 0: as many as `gain` and `drift` allow

  void fields(base::Fields& f) {
    f.add("steps", steps, {.at_least = 0}, "steps of the coupled iteration");
    f.add("damping", damping, {.above = 0, .below = 1}, "b: y' = (1-b) y + b G(z), z' = (1-b) z + b G(y')");
    f.add("gain", gain, {.at_least = 0}, "norm of dG/dy that the automatic checkpoints reckon with");
    f.add("drift", drift, {.at_least = 0, .below = 1}, "relative error allowed on the way back; 0: sqrt(epsilon)");
    f.add("every", every, {.at_least = 0}, "steps between checkpoints; 0: chosen from gain and drift");
  }
  bool operator==(const Reversible&) const = default;
};

using Gradient =
    std::variant<Implicit, JacobianFree, Phantom, Unrolled, Truncated, Neumann, Adaptive, Checkpointed, Reversible>;

// A gradient chosen by name.
struct GradientChoice {
  std::string method = "implicit";
  Implicit implicit;
  Phantom phantom;
  Neumann neumann;
  Adaptive adaptive;
  Unrolled unrolled;
  Truncated truncated;
  Checkpointed checkpointed;
  Reversible reversible;

  Gradient gradient() const {
    if (method == "jacobian_free") return JacobianFree{};
    if (method == "phantom") return phantom;
    if (method == "neumann") return neumann;
    if (method == "adaptive") return adaptive;
    if (method == "unrolled") return unrolled;
    if (method == "truncated") return truncated;
    if (method == "checkpointed") return checkpointed;
    if (method == "reversible") return reversible;
    return implicit;
  }
  void fields(base::Fields& f) {
    f.add_choice("method", method,
                 {"implicit", "jacobian_free", "phantom", "neumann", "adaptive", "unrolled", "truncated",
                  "checkpointed", "reversible"},
                 "gradient of the equilibrium");
    f.group("implicit", implicit);
    f.group("phantom", phantom);
    f.group("neumann", neumann);
    f.group("adaptive", adaptive);
    f.group("unrolled", unrolled);
    f.group("truncated", truncated);
    f.group("checkpointed", checkpointed);
    f.group("reversible", reversible);
  }
};

}  // namespace fathom::diff
