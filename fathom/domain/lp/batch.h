// Linear programs as one block-diagonal bipartite graph with features, as the networks see them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fathom/domain/lp/instance.h"
#include "fathom/tensor/graph_ops.h"
#include "fathom/tensor/tensor.h"

namespace fathom::lp {

// K programs of equal size m x n. Node k*m+i is constraint i of program k; k*n+j its variable j.
struct Batch {
  std::int64_t programs = 0;  // K
  tensor::Graph graph;        // rows: K*m constraints, columns: K*n variables
  Tensor constraints;         // (K*m, 2)  b, o (1 for "=", 0 for "<=")
  Tensor variables;  // (K*n, 3)  c, l, u;  or (K*n, 5) with the flags l = -inf, u = +inf (infinite bounds become 0)
  Tensor labels;     // (K*n, 1)  solutions; undefined when unknown
};

struct BatchOptions {
  bool bound_flags = false;
  at::ScalarType dtype = at::kFloat;
};

// Errors (fathom::Error): no program; programs of different sizes; infinite bounds without bound_flags; solutions given
// for some programs only.
Batch make_batch(std::span<const Instance> instances, std::span<const std::vector<double>> solutions = {},
                 const BatchOptions& options = {});

Batch to_device(const Batch& batch, c10::Device device);

}  // namespace fathom::lp
