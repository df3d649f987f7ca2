// SIMD blocks for tiles of a few dozen rows: product with a packed matrix, sum of outer products, column sums.
// A lane is a column, so nothing is transposed: a row's inputs are broadcast against rows of weights, and a block of
// rows (or of weight-gradient rows) keeps its sums in registers. Included once for each instruction set.
#if defined(FATHOM_KERNEL_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FATHOM_KERNEL_TILE_INL_H_
#undef FATHOM_KERNEL_TILE_INL_H_
#else
#define FATHOM_KERNEL_TILE_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include <hwy/highway.h>

#include "fathom/kernel/packed.h"
#include "fathom/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

template <class T>
HWY_INLINE std::int64_t lanes() {
  return static_cast<std::int64_t>(hn::Lanes(Tag<T>()));
}

// `width` numbers of each row, rows `stride` apart.
template <class T>
struct Operand {
  const T* data = nullptr;
  std::int64_t width = 0;
  std::int64_t stride = 0;
};

// relu that keeps NaN.
template <class V>
HWY_INLINE V relu(V x) {
  const hn::DFromV<V> d;
  return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);
}

// Rows of padded stride: whole vectors, aligned.
template <class T>
struct StorePadded {
  T* out;
  std::int64_t stride;
  HWY_INLINE void operator()(hn::Vec<Tag<T>> x, std::int64_t row, std::int64_t column) const {
    hn::Store(x, Tag<T>(), out + row * stride + column);
  }
};

// relu(x), padded.
template <class T>
struct StoreRelu {
  T* out;
  std::int64_t stride;
  HWY_INLINE void operator()(hn::Vec<Tag<T>> x, std::int64_t row, std::int64_t column) const {
    hn::Store(relu(x), Tag<T>(), out + row * stride + column);
  }
};

// x where the activation `gate` is not zero, else 0: relu's gradient, padded. `out` may be `gate`.
template <class T>
struct StoreGated {
  T* out;
  const T* gate;
  std::int64_t stride;
  HWY_INLINE void operator()(hn::Vec<Tag<T>> x, std::int64_t row, std::int64_t column) const {
    const Tag<T> d;
    const std::int64_t at = row * stride + column;
    hn::Store(hn::IfThenZeroElse(hn::Eq(hn::Load(d, gate + at), hn::Zero(d)), x), d, out + at);
  }
};

// Contiguous rows of `width` numbers in the caller's memory, nothing written beyond a row's end.
template <class T, bool kRelu>
struct StoreRows {
  T* out;
  std::int64_t width;
  HWY_INLINE void operator()(hn::Vec<Tag<T>> x, std::int64_t row, std::int64_t column) const {
    const Tag<T> d;
    const auto y = kRelu ? relu(x) : x;
    store_first(y, d, out + row * width + column, width - column);
  }
};

// The gradient in front of a last relu with argument x: contiguous rows of dy where x > 0 or NaN, else 0, padded.
template <class T>
struct StoreReluGradient {
  const T* dy;
  std::int64_t width;
  T* out;
  std::int64_t stride;
  HWY_INLINE void operator()(hn::Vec<Tag<T>> x, std::int64_t row, std::int64_t column) const {
    const Tag<T> d;
    const auto g = load_first(d, dy + row * width + column, std::min(lanes<T>(), width - column));
    hn::Store(hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), g), d, out + row * stride + column);
  }
};

// sum(r, v) += sum_k x(r,k) w(k,v) for one operand, whose weights begin at `w`.
template <int kRows, int kVectors, class T>
HWY_INLINE void add_product(const Operand<T>& x, std::int64_t row, const T* HWY_RESTRICT w, std::int64_t w_stride,
                            hn::Vec<Tag<T>> (&sum)[kRows][kVectors]) {
  const Tag<T> d;
  const T* HWY_RESTRICT from = x.data + row * x.stride;
  for (std::int64_t k = 0; k < x.width; ++k) {
    hn::Vec<Tag<T>> weight[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) weight[v] = hn::Load(d, w + k * w_stride + v * lanes<T>());
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const auto value = hn::Set(d, from[r * x.stride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(value, weight[v], sum[r][v]);
    }
  }
}

template <int kRows, int kVectors, class T, class Store>
HWY_INLINE void multiply_block(const Operand<T>& x0, const Operand<T>& x1, std::int64_t row, const PackedView<T>& w,
                               std::int64_t column, const Store& store) {
  const Tag<T> d;
  hn::Vec<Tag<T>> sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::Load(d, w.bias() + column + v * lanes<T>());
  }
  add_product(x0, row, w.data + column, w.stride, sum);
  add_product(x1, row, w.data + x0.width * w.stride + column, w.stride, sum);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) store(sum[r][v], row + r, column + v * lanes<T>());
  }
}

template <int kVectors, class T, class Store>
void multiply_columns(const Operand<T>& x0, const Operand<T>& x1, std::int64_t rows, const PackedView<T>& w,
                      std::int64_t column, const Store& store) {
  constexpr int kRows = kVectors == 1 ? 8 : 4;  // sums and weights fit 16 registers
  std::int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) multiply_block<kRows, kVectors>(x0, x1, row, w, column, store);
  for (; row < rows; ++row) multiply_block<1, kVectors>(x0, x1, row, w, column, store);
}

// store(x W + c) for `rows` rows of x = [x0 | x1]; x0.width + x1.width = w.depth.
template <class T, class Store>
void multiply_tile(const Operand<T>& x0, const Operand<T>& x1, std::int64_t rows, const PackedView<T>& w,
                   const Store& store) {
  const std::int64_t step = lanes<T>();
  for (std::int64_t column = 0; column < w.width; column += 3 * step) {
    switch ((w.width - column + step - 1) / step) {
      case 1:
        multiply_columns<1>(x0, x1, rows, w, column, store);
        break;
      case 2:
        multiply_columns<2>(x0, x1, rows, w, column, store);
        break;
      default:
        multiply_columns<3>(x0, x1, rows, w, column, store);
        break;
    }
  }
}

// out(k, v) += sum_r x(r, first+k) g(r, v) for kDepth rows k of a weight gradient.
template <int kDepth, int kVectors, class T>
void outer_block(const Operand<T>& x, std::int64_t first, std::int64_t rows, const T* HWY_RESTRICT g,
                 std::int64_t stride, T* HWY_RESTRICT out) {
  const Tag<T> d;
  hn::Vec<Tag<T>> sum[kDepth][kVectors];
#pragma GCC unroll 8
  for (int k = 0; k < kDepth; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sum[k][v] = hn::Zero(d);
  }
  const T* HWY_RESTRICT from = x.data + first;
  for (std::int64_t r = 0; r < rows; ++r) {
    hn::Vec<Tag<T>> right[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) right[v] = hn::Load(d, g + r * stride + v * lanes<T>());
#pragma GCC unroll 8
    for (int k = 0; k < kDepth; ++k) {
      const auto left = hn::Set(d, from[r * x.stride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[k][v] = hn::MulAdd(left, right[v], sum[k][v]);
    }
  }
#pragma GCC unroll 8
  for (int k = 0; k < kDepth; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      T* to = out + k * stride + v * lanes<T>();
      hn::Store(hn::Add(hn::Load(d, to), sum[k][v]), d, to);
    }
  }
}

// The instance of outer_block for `depth` <= kDepth.
template <int kDepth, int kVectors, class T>
void outer_depth(std::int64_t depth, const Operand<T>& x, std::int64_t first, std::int64_t rows, const T* g,
                 std::int64_t stride, T* out) {
  if constexpr (kDepth > 1) {
    if (depth < kDepth) return outer_depth<kDepth - 1, kVectors>(depth, x, first, rows, g, stride, out);
  }
  outer_block<kDepth, kVectors>(x, first, rows, g, stride, out);
}

template <int kVectors, class T>
void outer_columns(const Operand<T>& x, std::int64_t rows, const T* g, std::int64_t stride, T* out) {
  constexpr int kDepth = kVectors == 1 ? 8 : 4;
  std::int64_t blocks = (x.width + kDepth - 1) / kDepth;
  for (std::int64_t first = 0; first < x.width; --blocks) {
    const std::int64_t depth = (x.width - first + blocks - 1) / blocks;  // even blocks hide the latency best
    outer_depth<kDepth, kVectors>(depth, x, first, rows, g, stride, out + first * stride);
    first += depth;
  }
}

// out += x^T g for `rows` rows; g and out have `width` columns and rows of padded stride.
template <class T>
void outer_tile(const Operand<T>& x, std::int64_t rows, const Operand<T>& g, T* out) {
  const std::int64_t step = lanes<T>();
  for (std::int64_t column = 0; column < g.width; column += 3 * step) {
    switch ((g.width - column + step - 1) / step) {
      case 1:
        outer_columns<1>(x, rows, g.data + column, g.stride, out + column);
        break;
      case 2:
        outer_columns<2>(x, rows, g.data + column, g.stride, out + column);
        break;
      default:
        outer_columns<3>(x, rows, g.data + column, g.stride, out + column);
        break;
    }
  }
}

// out(v) += sum_r g(r, v).
template <class T>
void add_column_sums(const Operand<T>& g, std::int64_t rows, T* out) {
  const Tag<T> d;
  for (std::int64_t column = 0; column < g.width; column += lanes<T>()) {
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    const T* from = g.data + column;
    std::int64_t r = 0;
    for (; r + 2 <= rows; r += 2) {
      even = hn::Add(even, hn::Load(d, from + r * g.stride));
      odd = hn::Add(odd, hn::Load(d, from + (r + 1) * g.stride));
    }
    if (r < rows) even = hn::Add(even, hn::Load(d, from + r * g.stride));
    hn::Store(hn::Add(hn::Load(d, out + column), hn::Add(even, odd)), d, out + column);
  }
}

// Copies contiguous rows of `width` numbers into rows of padded stride, zeros behind.
template <class T>
void load_rows(const T* from, std::int64_t rows, std::int64_t width, T* to, std::int64_t stride) {
  const Tag<T> d;
  for (std::int64_t column = 0; column < width; column += lanes<T>()) {
    const std::int64_t count = std::min(lanes<T>(), width - column);
    for (std::int64_t r = 0; r < rows; ++r) {
      hn::Store(load_first(d, from + r * width + column, count), d, to + r * stride + column);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#endif  // FATHOM_KERNEL_TILE_INL_H_
