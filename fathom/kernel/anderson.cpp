#include "fathom/kernel/anderson.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "fathom/kernel/anderson_rows.h"

namespace fathom::kernel {
namespace {

// Starting threads costs some microseconds: below this many numbers one thread is faster.
constexpr std::int64_t kParallelFrom = 1 << 15;

template <class T>
void measure_one(const LiveRow& live, std::span<const std::int64_t> part_start, const T* y, const T* g,
                 const AndersonHistory<T>& history, const Ring& ring, std::int64_t count, Squares* squares,
                 AndersonProducts& products) {
  const std::int64_t at = live.slot * history.width;
  AndersonRow<T> row{y + at, g + at, history.y_prev(live.row), history.g_prev(live.row)};
  const T* by_age[kMaxDepth];
  if (ring.newest >= 0) {
    for (std::int64_t age = 0; age < count; ++age) by_age[age] = history.dr(live.row, ring.column(age));
    row.dr = history.dr(live.row, ring.newest);
    row.dg = history.dg(live.row, ring.newest);
    row.columns = by_age;
    row.count = count;
  }
  anderson_measure_row(row, part_start, squares, products);
}

// Pivoted Cholesky of a small symmetric positive semidefinite matrix: rows are taken in the order
// of their pivots until the largest that is left is rounding noise.
struct SmallFactor {
  double lower[kMaxDepth][kMaxDepth];
  std::int64_t order[kMaxDepth];
  std::int64_t size = 0;
  std::int64_t rank = 0;

  void swap(std::int64_t a, std::int64_t b) {
    std::swap(order[a], order[b]);
    for (std::int64_t k = 0; k < size; ++k) std::swap(lower[a][k], lower[b][k]);
    for (std::int64_t k = 0; k < size; ++k) std::swap(lower[k][a], lower[k][b]);
  }

  // `lower` holds the whole matrix on entry.
  void factorize() {
    for (std::int64_t k = 0; k < size; ++k) order[k] = k;
    const double noise = 1e-14 * static_cast<double>(size);
    for (rank = 0; rank < size; ++rank) {
      std::int64_t pivot = rank;
      for (std::int64_t k = rank + 1; k < size; ++k) {
        if (lower[k][k] > lower[pivot][pivot]) pivot = k;
      }
      if (!(lower[pivot][pivot] > noise)) return;
      if (pivot != rank) swap(rank, pivot);
      eliminate(rank);
    }
  }

  void eliminate(std::int64_t k) {
    lower[k][k] = std::sqrt(lower[k][k]);
    for (std::int64_t i = k + 1; i < size; ++i) lower[i][k] /= lower[k][k];
    for (std::int64_t i = k + 1; i < size; ++i) {
      for (std::int64_t j = k + 1; j < size; ++j) lower[i][j] -= lower[i][k] * lower[j][k];
    }
  }

  // x of the leading `rank` unknowns, in the caller's order; the others are 0.
  void solve(const double* b, double* x) const {
    double z[kMaxDepth];
    for (std::int64_t i = 0; i < rank; ++i) {
      z[i] = b[order[i]];
      for (std::int64_t k = 0; k < i; ++k) z[i] -= lower[i][k] * z[k];
      z[i] /= lower[i][i];
    }
    for (std::int64_t i = rank - 1; i >= 0; --i) {
      for (std::int64_t k = i + 1; k < rank; ++k) z[i] -= lower[k][i] * z[k];
      z[i] /= lower[i][i];
    }
    for (std::int64_t i = 0; i < size; ++i) x[order[i]] = i < rank ? z[i] : 0;
  }
};

}  // namespace

template <class T>
void anderson_measure(std::span<const LiveRow> rows, std::span<const std::int64_t> part_start, const T* y, const T* g,
                      const AndersonHistory<T>& history, const Ring& ring, const std::int64_t* columns,
                      Squares* squares, AndersonProducts* products) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto parts = static_cast<std::int64_t>(part_start.size()) - 1;
#pragma omp parallel for schedule(static) if (count > 1 && count * history.width >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = rows[i].row;
    measure_one(rows[i], part_start, y, g, history, ring, columns[row], squares + row * parts, products[row]);
  }
}

template <class T>
void anderson_mix(std::span<const LiveRow> rows, const T* g, const AndersonHistory<T>& history, const Ring& ring,
                  const double* weights, T damping, T* y, T* best, std::uint8_t* best_is_previous) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t width = history.width;
#pragma omp parallel for schedule(static) if (count > 1 && count * width >= kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = rows[i].row, at = rows[i].slot * width;
    anderson_advance_row(rows[i], g + at, history, ring, weights + row * history.depth, damping, y + at,
                         best + row * width, best_is_previous[row]);
  }
}

bool anderson_weights(const double* gram, const double* rhs, std::int64_t count, double ridge, double* gamma) {
  SmallFactor factor;
  double scale[kMaxDepth], b[kMaxDepth];
  factor.size = count;
  for (std::int64_t k = 0; k < count; ++k) {
    const double diagonal = gram[k * count + k];
    if (!std::isfinite(diagonal) || !std::isfinite(rhs[k])) return false;
    scale[k] = diagonal > 0 ? 1 / std::sqrt(diagonal) : 0;
    b[k] = rhs[k] * scale[k];
  }
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < count; ++j) factor.lower[i][j] = gram[i * count + j] * scale[i] * scale[j];
    if (scale[i] > 0) factor.lower[i][i] = 1 + ridge;
  }
  factor.factorize();
  factor.solve(b, gamma);
  for (std::int64_t k = 0; k < count; ++k) gamma[k] *= scale[k];
  return std::all_of(gamma, gamma + count, [](double weight) { return std::isfinite(weight); });
}

using Rows = std::span<const LiveRow>;
using Starts = std::span<const std::int64_t>;
template void anderson_measure(Rows, Starts, const float*, const float*, const AndersonHistory<float>&, const Ring&,
                               const std::int64_t*, Squares*, AndersonProducts*);
template void anderson_measure(Rows, Starts, const double*, const double*, const AndersonHistory<double>&, const Ring&,
                               const std::int64_t*, Squares*, AndersonProducts*);
template void anderson_mix(Rows, const float*, const AndersonHistory<float>&, const Ring&, const double*, float, float*,
                           float*, std::uint8_t*);
template void anderson_mix(Rows, const double*, const AndersonHistory<double>&, const Ring&, const double*, double,
                           double*, double*, std::uint8_t*);

}  // namespace fathom::kernel
