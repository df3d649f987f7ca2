#include "fathom/kernel/anderson_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/anderson_weights.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::CappedTag<double, GramBatch::kRows>;

// The lanes from `lane` on: x = rhs and a = gram become the solution and L. Returns the lanes all of whose pivots are
// safe, as bits.
std::uint64_t solve_lanes(const GramBatch& batch, double ridge, int lane, double (*gamma)[GramBatch::kRows]) {
  constexpr double kSafe = 1e-10;
  const Lanes d;
  using V = hn::Vec<Lanes>;
  const std::int64_t count = batch.count;
  const auto entry = [](std::int64_t i, std::int64_t j) { return i * (i + 1) / 2 + j; };
  V a[kMaxDepth * (kMaxDepth + 1) / 2], x[kMaxDepth], per_pivot[kMaxDepth];
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) a[entry(i, j)] = hn::Load(d, &batch.gram[entry(i, j)][lane]);
    x[i] = hn::Load(d, &batch.rhs[i][lane]);
  }
  auto safe = hn::Eq(hn::Zero(d), hn::Zero(d));
  for (std::int64_t k = 0; k < count; ++k) {
    const V diagonal = hn::Load(d, &batch.gram[entry(k, k)][lane]);
    const V pivot = hn::MulAdd(hn::Set(d, ridge), diagonal, a[entry(k, k)]);
    safe = hn::And(safe, hn::Gt(pivot, hn::Mul(hn::Set(d, kSafe), diagonal)));
    per_pivot[k] = hn::Div(hn::Set(d, 1.0), pivot);
    for (std::int64_t i = k + 1; i < count; ++i) {
      const V factor = hn::Mul(a[entry(i, k)], per_pivot[k]);
      for (std::int64_t j = k + 1; j <= i; ++j) {
        a[entry(i, j)] = hn::NegMulAdd(factor, a[entry(j, k)], a[entry(i, j)]);
      }
      x[i] = hn::NegMulAdd(factor, x[k], x[i]);
    }
    for (std::int64_t i = k + 1; i < count; ++i) a[entry(i, k)] = hn::Mul(a[entry(i, k)], per_pivot[k]);
  }
  for (std::int64_t i = count - 1; i >= 0; --i) {
    x[i] = hn::Mul(x[i], per_pivot[i]);
    for (std::int64_t k = i + 1; k < count; ++k) x[i] = hn::NegMulAdd(a[entry(k, i)], x[k], x[i]);
    hn::StoreU(x[i], d, &gamma[i][lane]);
  }
  std::uint8_t bits[8] = {};
  hn::StoreMaskBits(d, safe, bits);
  return bits[0];
}

std::uint64_t solve_unpivoted(const GramBatch& batch, double ridge, double (*gamma)[GramBatch::kRows]) {
  std::uint64_t safe = 0;
  for (int lane = 0; lane < GramBatch::kRows; lane += static_cast<int>(hn::Lanes(Lanes()))) {
    safe |= solve_lanes(batch, ridge, lane, gamma) << lane;
  }
  return safe;
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(solve_unpivoted);

// (A + ridge diag A) x = b of one symmetric positive semidefinite A by L D L' with pivots: unknowns are taken in the
// order of their pivots relative to A's diagonal until the largest that is left is rounding noise; those left get 0.
// Nothing is moved in memory: `order` is the permutation.
struct PivotedSystem {
  double a[kMaxDepth * kMaxDepth];  // both triangles; below a pivot it becomes L
  double b[kMaxDepth];
  double per_diagonal[kMaxDepth];  // 1 / A_kk
  double per_pivot[kMaxDepth];     // 1 / D_kk
  std::int64_t order[kMaxDepth];
  std::int64_t size = 0;
  std::int64_t rank = 0;

  double& at(std::int64_t i, std::int64_t j) { return a[i * size + j]; }

  void choose_pivot() {
    std::int64_t best = rank;
    double largest = -1;
    for (std::int64_t k = rank; k < size; ++k) {
      const double pivot = at(order[k], order[k]) * per_diagonal[order[k]];
      if (pivot > largest) {
        largest = pivot;
        best = k;
      }
    }
    std::swap(order[rank], order[best]);
  }

  void eliminate() {
    const std::int64_t p = order[rank];
    const double inverse = per_pivot[rank] = 1 / at(p, p);
    for (std::int64_t i = rank + 1; i < size; ++i) {
      const std::int64_t r = order[i];
      const double factor = at(r, p) * inverse;
      for (std::int64_t j = rank + 1; j < size; ++j) at(r, order[j]) -= factor * at(p, order[j]);
      b[r] -= factor * b[p];
      at(r, p) = factor;
    }
  }

  void factorize() {
    const double noise = 1e-14 * static_cast<double>(size);
    for (rank = 0; rank < size; ++rank) {
      choose_pivot();
      const std::int64_t p = order[rank];
      if (!(at(p, p) * per_diagonal[p] > noise)) return;
      eliminate();
    }
  }

  // After factorize().
  void solve(double* x) {
    for (std::int64_t i = rank; i < size; ++i) x[order[i]] = 0;
    for (std::int64_t i = rank - 1; i >= 0; --i) {
      double sum = b[order[i]] * per_pivot[i];
      for (std::int64_t k = i + 1; k < rank; ++k) sum -= at(order[k], order[i]) * x[order[k]];
      x[order[i]] = sum;
    }
  }
};

// False where a number is not finite.
bool solve_pivoted(const GramBatch& batch, int row, double ridge, double* x) {
  constexpr double kLeastDiagonal = 1e-290;  // its inverse is finite
  PivotedSystem system;
  system.size = batch.count;
  for (std::int64_t i = 0; i < batch.count; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) system.at(i, j) = system.at(j, i) = batch.at(i, j, row);
  }
  for (std::int64_t k = 0; k < batch.count; ++k) {
    double& diagonal = system.at(k, k);
    system.b[k] = batch.rhs[k][row];
    if (!std::isfinite(diagonal) || !std::isfinite(system.b[k])) return false;
    system.order[k] = k;
    system.per_diagonal[k] = diagonal > kLeastDiagonal ? 1 / diagonal : 0;
    diagonal *= 1 + ridge;
  }
  system.factorize();
  system.solve(x);
  return true;
}

}  // namespace

std::uint32_t anderson_weights(const GramBatch& batch, int rows, double ridge, double (*gamma)[GramBatch::kRows]) {
  const std::uint64_t safe = HWY_DYNAMIC_DISPATCH(solve_unpivoted)(batch, ridge, gamma);
  std::uint32_t good = 0;
  for (int row = 0; row < rows; ++row) {
    bool usable = true;
    if ((safe >> row & 1) == 0) {
      double x[kMaxDepth];
      usable = solve_pivoted(batch, row, ridge, x);
      for (std::int64_t i = 0; usable && i < batch.count; ++i) gamma[i][row] = x[i];
    }
    for (std::int64_t i = 0; usable && i < batch.count; ++i) usable = std::isfinite(gamma[i][row]);
    good |= static_cast<std::uint32_t>(usable) << row;
  }
  return good;
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
