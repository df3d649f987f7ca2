// The gradient of y*(theta) = G(y*, theta) by the implicit function theorem, to any order.
//
//   dL/dtheta = u' dG/dtheta at y*,   u = v + J'u,   v = dL/dy*           [Bai2019] arXiv:1909.01377, eq. (9)-(10)
//
// One node of the autograd graph stands for the whole solve. It keeps G taped once at y* and hands gradients to
// whatever G captured. Under create_graph the backward pass is itself differentiated: u is the equilibrium of the
// linear map u -> v + J(y*(theta), theta)'u and is attached by the same means, and y* counts as a function of theta
// in both.
//
// Cost      backward: one u'J per adjoint iteration and one vjp of G for the captures. Memory: one taped G.
// Accuracy  first order: ||residual|| / (1 - L) relative to ||v|| where L = ||J|| < 1, and as far as y* itself is
// exact. Where u is a truncated series (Neumann), so is every derivative: each of any order is off by its next term,
// and tends to the exact one as terms are added.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fathom/diff/adjoint.h"
#include "fathom/diff/options.h"
#include "fathom/tensor/tensor.h"

namespace fathom::diff {

// Where the backward pass writes how its adjoint went.
struct AdjointLog {
  std::shared_ptr<AdjointReport> report = std::make_shared<AdjointReport>();
  std::string note;                // a sentence about the forward solve, added to the message
  std::int64_t batch = -1;         // rows of the report; -1: those of the adjoint
  std::vector<std::int64_t> rows;  // which of them the adjoint's rows are; the others are nonfinite

  void write(AdjointReport adjoint) const;
};

// `y` (B, D) and g = G(y) recorded with y a leaf. Returns the values of y with the graph of y*(captures); g itself if
// it does not depend on y, and y without a graph if nothing captured requires grad. A failed adjoint is one warning
// line. `packed`: the products u'J of this G at y without a graph; null: by autograd.
Tensor attach_implicit(const Tensor& y, const Tensor& g, const Adjoint& options, AdjointLog log = {},
                       std::shared_ptr<const PackedVjp> packed = nullptr);

}  // namespace fathom::diff
