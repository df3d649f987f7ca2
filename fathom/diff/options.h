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

using Gradient = std::variant<Implicit, JacobianFree, Phantom, Unrolled, Truncated>;

// A gradient chosen by name.
struct GradientChoice {
  std::string method = "implicit";
  Implicit implicit;
  Phantom phantom;
  Unrolled unrolled;
  Truncated truncated;

  Gradient gradient() const {
    if (method == "implicit") return implicit;
    if (method == "jacobian_free") return JacobianFree{};
    if (method == "phantom") return phantom;
    if (method == "unrolled") return unrolled;
    return truncated;
  }
  void fields(base::Fields& f) {
    f.add_choice("method", method, {"implicit", "jacobian_free", "phantom", "unrolled", "truncated"},
                 "gradient of the equilibrium");
    f.group("implicit", implicit);
    f.group("phantom", phantom);
    f.group("unrolled", unrolled);
    f.group("truncated", truncated);
  }
};

}  // namespace fathom::diff
