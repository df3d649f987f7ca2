// A recorded computation cut out of the autograd graph, so that gradients can be taken through it again and again, and
// so that its variable can be replaced by another one afterwards.
//
//   z      a leaf; e = f(z; a, b, ...) recorded by autograd; what f captured (a, b, ...) needs no registration
//   inside the nodes between e and z: those that depend on z. They belong to this recording alone.
//   inner  the ends of the inside: z itself, and one private sink for every edge that left it towards a capture
//   outer  where those edges went: the rest of the graph, untouched (inner[i] stands for outer[i])
//
// Two things need this. The adjoint takes u'J many times inside one backward pass: cut off, such a pass cannot wander
// into the graph behind the captures. And a second derivative must know that z, recorded as a constant, is y*(theta):
// substitute() says so after the fact.
#pragma once

#include <vector>

#include <torch/csrc/autograd/edge.h>

#include "fathom/tensor/tensor.h"

namespace fathom::diff {

using torch::autograd::Edge;
using EdgeList = std::vector<Edge>;
using Tensors = std::vector<Tensor>;

// inner[i] -> outer[i], as above.
struct Boundary {
  EdgeList inner, outer;
  bool reached = true;  // whether the graph leads to its ends at all
};

// Cuts the graph of `values` where it leaves the nodes that depend on one of `ends`, which must be nobody else's.
// Returns the new sinks with the edges they stand for; `reached` is false if no value depends on an end. Cost: one walk
// over the graph behind `values`.
Boundary cut(const Tensors& values, const EdgeList& ends);

// sum_i <values_i, cotangents_i> differentiated along `edges`; undefined where nothing arrives. Keeps the graph.
Tensors gradients(const Tensors& values, const Tensors& cotangents, const EdgeList& edges, bool create_graph);

// The same values with the graph of `values` in which whatever arrived at inner[i] goes to outer[i] instead. Exact to
// any order of differentiation. Values that do not depend on the inner edges come back as they are.
Tensors substitute(const Tensors& values, const Boundary& boundary);

}  // namespace fathom::diff
