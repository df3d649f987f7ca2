// One step of Anderson acceleration for every row of a batch, in two passes over its history.
//
//   measure   r = g - y;  newest columns dr = r - (g_prev - y_prev), dg = g - g_prev;
//             the new row <dr, dr_j> of the Gram matrix, the right-hand side <r, dr_j>
//   weights   gamma = argmin ||r - DR gamma||^2, from the Gram matrix alone (anderson_weights.h)
//   mix       y+ = g - DG gamma - (1-beta)(r - DR gamma)
//
// Accuracy: sums in double, error <= width * 2^-53 of sum |a_i b_i|; the mix in T, error <=
// (columns + 2) * eps of |g| + sum |gamma_j dg_j|.
//
// Cost: (columns + 3) rows read and 2 written, then columns + 1 read (twice with beta < 1, and y) and 1 written. The
// point before is read where it was computed, never copied, and the best point only when the iteration leaves it for a
// worse one, so a descent copies nothing. A caller who takes
// both passes over a few rows at a time finds what they share in the cache. Parallel over the rows of large batches.
//
// Sources: [Anderson1965], [WalkerNi2011] section 2, [FangSaad2009].
#pragma once

#include <cstdint>
#include <span>

#include "fathom/kernel/anderson_weights.h"
#include "fathom/kernel/bfloat16.h"
#include "fathom/kernel/rows.h"

namespace fathom::kernel {

// A point of a batch: y and g = G(y), matrices of slots.
template <class T>
struct Point {
  T* y = nullptr;
  T* g = nullptr;

  Point<const T> read() const { return {y, g}; }
};

// What is remembered of every sample: a ring of `depth` columns of differences. The columns are of T, or Bfloat16 to
// halve (T = float) what both passes read of large states; a double becomes a float first.
//
// Rounded columns change no residual and no fixed point, only the step: Gram matrix and right-hand side are those of
// the columns as they are kept, so that gamma is the least-squares solution for them, and DG gamma in the mix is off by
// at most 2^-8 sum |gamma_j dg_j|, a part of the step that shrinks with it.
template <class T, class Column = T>
struct AndersonHistory {
  T* data = nullptr;  // (matrices(depth), batch, width): a pass over the rows streams through each; columns come last
  std::int64_t batch = 0;
  std::int64_t width = 0;
  std::int64_t depth = 0;

  // In rows of T for each sample.
  static std::int64_t matrices(std::int64_t depth) {
    constexpr std::int64_t kT = sizeof(T), kColumn = sizeof(Column);
    return 1 + (2 * depth * kColumn + kT - 1) / kT;
  }
  T* best_g(std::int64_t row) const { return data + row * width; }  // G at the best iterate, from when it was left
  Column* column(std::int64_t row, std::int64_t index) const {
    return reinterpret_cast<Column*>(data + batch * width) + (index * batch + row) * width;
  }
  Column* dr(std::int64_t row, std::int64_t index) const { return column(row, index); }
  Column* dg(std::int64_t row, std::int64_t index) const { return column(row, depth + index); }
};

// The columns of a ring that are in use: the `count` last written, ending at `newest`.
struct Ring {
  std::int64_t newest = -1;  // -1: nothing written yet
  std::int64_t depth = 0;
  std::int64_t column(std::int64_t age) const { return newest - age + (age > newest ? depth : 0); }
};

// Inner products of one row with its columns by their age, 0 = the newest.
struct AndersonProducts {
  double gram[kMaxDepth] = {};  // <dr_0, dr_j>
  double rhs[kMaxDepth] = {};   // <r, dr_j>
};

// Writes squares as residual_squares does, and for each row the newest column and products[row] over its columns in
// use. ring.newest < 0: the first point, which has no column and none before it.
template <class T, class Column>
void anderson_measure(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, Point<const T> now,
                      Point<const T> before, const AndersonHistory<T, Column>& history, const Ring& ring,
                      const std::int64_t* columns,  // [row] in use, the newest included
                      Squares* squares, AndersonProducts* products);

// Where running: next, a matrix of slots that may be before.y but not now.y, is the mixed step with
// weights[row * depth + age], summed from the newest column on, so that a row has the same bits wherever its ring
// begins; a column of weight 0 is not read. Where roll_back: next = best + beta (best_g - best), and the best becomes
// the point `now`, whose rows are overwritten. best_is_previous[row], 0 at the start, says that the best iterate is the
// point before and not yet in `best`; it is written there when `now` is no better, and at the latest when the row stops
// running.
template <class T, class Column>
void anderson_mix(std::span<const LiveRow> rows, Point<T> now, Point<const T> before,
                  const AndersonHistory<T, Column>& history, const Ring& ring, const double* weights, T damping,
                  T* next, T* best, std::uint8_t* best_is_previous);

}  // namespace fathom::kernel
