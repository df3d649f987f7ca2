// A recorded computation cut out of the autograd graph, so that gradients can be taken through it again and again, and
// so that its variable can be replaced by another one afterwards.
//
//   z      a leaf; e = f(z; a, b, ...) recorded by autograd; what f captured (a, b, ...) needs no registration
//   inside the nodes between e and z: those that depend on z. They belong to this recording alone.
//   inner  the ends of the inside: z itself, and one private sink for every edge that left it towards a capture
//   outer  where those edges went: the rest of the graph, untouched (inner[i] stands for outer[i])
//
// Three things need this. The adjoint takes u'J many times inside one backward pass: cut off, such a pass cannot wander
// into the graph behind the captures. And a second derivative must know that z, recorded as a constant, is y*(theta):
// substitute() says so after the fact. And a backward pass that computes f again must hand gradients to what the first
// recording captured: shared() finds those places, cut_at() cuts a later recording there.
#pragma once

#include <cstdint>
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

// Where two recordings of one function leave what each made itself: the edges of the first to nodes that the second
// leads to as well, which were therefore there before either.
EdgeList shared(const Tensors& first, const Tensors& second);

// The number that the next node of this thread's graphs gets.
std::uint64_t next_node_number();

// Cuts the graph of `values`, recorded since `since` = next_node_number(), at the edges `outer` (that have nodes);
// inner[i] is the sink for outer[i]. Walks no further than `ends`. Errors (fathom::Error): the recording leads to a
// leaf or to an older node that `outer` does not list. `private_leaves`: leaves of its own are allowed.
Boundary cut_at(const Tensors& values, const EdgeList& ends, const EdgeList& outer, std::uint64_t since,
                bool private_leaves);

// Whether the first of two recordings leads to a leaf that neither the second nor `ends` has: it made it itself.
bool has_private_leaves(const Tensors& first, const Tensors& second, const EdgeList& ends);

// sum_i <values_i, cotangents_i> differentiated along `edges`; undefined where nothing arrives. Keeps the graph.
Tensors gradients(const Tensors& values, const Tensors& cotangents, const EdgeList& edges, bool create_graph);

// The same values with the graph of `values` in which whatever arrived at inner[i] goes to outer[i] instead. Exact to
// any order of differentiation. Values that do not depend on the inner edges come back as they are.
Tensors substitute(const Tensors& values, const Boundary& boundary);

}  // namespace fathom::diff
