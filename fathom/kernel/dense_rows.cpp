#include "fathom/kernel/dense_rows.h"

#include <algorithm>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/dense_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/activation-inl.h"
#include "fathom/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

template <class T>
using Tag = hn::ScalableTag<T>;

template <class T>
HWY_INLINE std::int64_t lanes() {
  return static_cast<std::int64_t>(hn::Lanes(Tag<T>()));
}

// A block of sums is kRows rows of kVectors vectors in registers: with as many vectors of A and one number of x at hand
// it fills 32 registers or 16. Powers of two, as a panel is.
#undef FATHOM_KERNEL_FEW_REGISTERS
#define FATHOM_KERNEL_FEW_REGISTERS (HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3)  // better targets are smaller
constexpr int kMostRows = 6;
constexpr int vectors_for(int rows) {
#if FATHOM_KERNEL_FEW_REGISTERS
  return rows == 1 ? 8 : rows <= 3 ? 4 : 2;
#else
  return 4;
#endif
}

// The sums of kRows rows from `row` on and kVectors vectors of columns from `column` of the panel on, started from c.
template <int kRows, int kVectors, class T>
HWY_INLINE void sum_block(const DenseTile<T>& tile, std::int64_t row, std::int64_t column) {
  const Tag<T> d;
  const std::int64_t depth = tile.a.depth, width = tile.a.width, stride = tile.a.stride(tile.panel);
  const std::int64_t at = tile.panel * tile.a.kWidth + column;  // of the whole matrix
  hn::Vec<Tag<T>> sum[kRows][kVectors];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
    const std::int64_t sample = tile.rows.sample == nullptr ? row + r : tile.rows.sample[row + r];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t from = at + v * lanes<T>();
      sum[r][v] = tile.rows.c == nullptr ? hn::Zero(d)
                                         : load_first(d, tile.rows.c + sample * width + from,
                                                      std::clamp<std::int64_t>(width - from, 0, lanes<T>()));
    }
  }
  const T* HWY_RESTRICT x = tile.x + row * depth;
  const T* HWY_RESTRICT a = tile.a.panel(tile.panel) + column;
  for (std::int64_t k = 0; k < depth; ++k, a += stride) {
    hn::Vec<Tag<T>> right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) right[v] = hn::Load(d, a + v * lanes<T>());
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const auto left = hn::Set(d, x[r * depth + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(left, right[v], sum[r][v]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t from = at + v * lanes<T>();
      if (from < width) store_first(sum[r][v], d, tile.out + (row + r) * width + from, width - from);
    }
  }
}

// Columns from `column` of the panel on, as many vectors at a time as are left.
template <int kRows, int kVectors, class T>
HWY_INLINE void sum_columns(const DenseTile<T>& tile, std::int64_t row, std::int64_t column) {
  const std::int64_t end = tile.a.stride(tile.panel), step = kVectors * lanes<T>();
  for (; column + step <= end; column += step) sum_block<kRows, kVectors>(tile, row, column);
  if constexpr (kVectors > 1) {
    if (column < end) sum_columns<kRows, kVectors / 2>(tile, row, column);
  }
}

// The instance for `rows` <= kRows, and the activation over what it wrote.
template <int kRows, class T>
void row_block(const DenseTile<T>& tile, std::int64_t row, std::int64_t rows) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return row_block<kRows - 1>(tile, row, rows);
  }
  sum_columns<kRows, vectors_for(kRows)>(tile, row, 0);
  const std::int64_t columns = tile.a.columns(tile.panel);
  for (std::int64_t r = row; r < row + rows; ++r) {
    const std::int64_t at = r * tile.a.width + tile.panel * tile.a.kWidth;
    if (tile.u != nullptr) {
      pull_all(tile.act, columns, tile.u + at, tile.out + at, tile.out + at);
    } else if (tile.act != Activation::identity) {
      activate_all(tile.act, columns, tile.out + at, tile.out + at);
    }
  }
}

// Blocks of rows as even as can be: a last block of one row would wait for its own sums.
template <class T>
void tile_rows(const DenseTile<T>& tile) {
  std::int64_t blocks = (tile.last - tile.first + kMostRows - 1) / kMostRows;
  for (std::int64_t row = tile.first; row < tile.last; --blocks) {
    const std::int64_t rows = (tile.last - row + blocks - 1) / blocks;
    row_block<kMostRows>(tile, row, rows);
    row += rows;
  }
}

// Highway's dispatch tables take plain functions.
void tile_float(const DenseTile<float>& tile) { tile_rows(tile); }
void tile_double(const DenseTile<double>& tile) { tile_rows(tile); }

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(tile_float);
HWY_EXPORT(tile_double);

}  // namespace

template <>
void dense_tile(const DenseTile<float>& tile) {
  HWY_DYNAMIC_DISPATCH(tile_float)(tile);
}
template <>
void dense_tile(const DenseTile<double>& tile) {
  HWY_DYNAMIC_DISPATCH(tile_double)(tile);
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
