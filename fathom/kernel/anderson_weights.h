// The mixing weights of Anderson acceleration for several rows at once:
//
//   gamma = argmin ||r - DR gamma||^2 + ridge ||diag(DR'DR)^(1/2) gamma||^2
//
// from DR'DR and DR'r alone. One row's system is too small for vectors and its elimination one long chain of divisions,
// so a lane is a row. Elimination is L D L' in the order of the columns; where a pivot falls below 1e-10 of its
// column's squared length, the row is solved again with pivots, and columns that depend on the others to rounding get
// weight 0. Pivots are judged relative to the columns' lengths, so that neither the scale of the state nor the speed of
// convergence matters. A row's weights have the same bits whatever the other lanes hold.
//
// Cost: count^3 / 6 multiply-adds and count divisions, for all lanes together. Instruction sets with and without fused
// multiply-add differ in the last bits.
#pragma once

#include <cstdint>

namespace fathom::kernel {

inline constexpr std::int64_t kMaxDepth = 32;

// Up to kRows systems of `count` columns, 1 <= count <= kMaxDepth.
struct GramBatch {
  static constexpr int kRows = 8;

  std::int64_t count = 0;
  alignas(64) double gram[kMaxDepth * (kMaxDepth + 1) / 2][kRows];  // <dr_i, dr_j> at [i (i + 1) / 2 + j], j <= i
  alignas(64) double rhs[kMaxDepth][kRows];                         // <r, dr_i>

  double& at(std::int64_t i, std::int64_t j, int row) { return gram[i * (i + 1) / 2 + j][row]; }
  double at(std::int64_t i, std::int64_t j, int row) const { return gram[i * (i + 1) / 2 + j][row]; }
};

// gamma[i][row] for the first `rows` rows. Returns the rows, as bits, whose numbers are all finite; the gamma of others
// is undefined. What lies in the lanes behind is not read as numbers that matter: they may hold anything.
std::uint32_t anderson_weights(const GramBatch& batch, int rows, double ridge, double (*gamma)[GramBatch::kRows]);

}  // namespace fathom::kernel
