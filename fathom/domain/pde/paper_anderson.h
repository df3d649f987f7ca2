// Anderson's iteration as the paper's experiments ran it, for protocol = paper and for parity. Ours, which treats every
// row by itself and stops by tolerance, is solve/anderson.h.
//
//   X_0 = z_0, X_1 = F_0, F_i = f(X_i);   for k = 2 .. threshold - 1, over the last n = min(k, depth) pairs:
//   [0 1'; 1 GG' + ridge I] [., a] = [1, 0],   G = F - X;   X_k = sum_i a_i F_i
//
// The Gram matrices are those of each sample, the ridge is absolute.  [WalkerNi2011]
// Answer   the X_k, k >= 2, with the least ||F_k - X_k|| over the WHOLE batch: samples are coupled. z_0 itself for
//          threshold <= 2: what the paper's curves call iteration 1 and 2 reads out z = 0.
// Cost     threshold evaluations of f; 2 depth states.   Grad mode is off inside.
// Errors   threshold < 0, depth < 1.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::pde {

struct PaperAnderson {
  std::int64_t threshold = 24;
  std::int64_t depth = 5;
  double ridge = 1e-4;
};

struct PaperSolution {
  Tensor z;
  std::vector<double> residual, relative;  // of k = 2, 3, ...: ||F_k - X_k||, and that over 1e-5 + ||F_k||
  std::int64_t best = 0;                   // k of the answer
};

// `watch`, if given, sees the answer of every threshold 3, 4, ..., options.threshold as it becomes known.
PaperSolution paper_anderson(const std::function<Tensor(const Tensor&)>& f, const Tensor& z0,
                             const PaperAnderson& options = {},
                             const std::function<void(const Tensor& answer)>& watch = {});

}  // namespace fathom::pde
