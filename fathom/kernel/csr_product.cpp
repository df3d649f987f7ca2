// The products of csr.h. Highway compiles the loops once for each instruction set and chooses the processor's at run
// time.
#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "fathom/kernel/csr.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/csr_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// kVectors vectors hold `width` columns; the lanes of the last one beyond them are never read or written.
template <int kVectors, class D, class T = hn::TFromD<D>>
struct Columns {
  D d;
  std::int64_t width;

  static HWY_INLINE std::int64_t offset(int v) { return v * static_cast<std::int64_t>(hn::Lanes(D())); }

  // x where `present` has all bits set; zeros, without touching the memory, where it is 0.
  HWY_INLINE hn::Vec<D> load(const T* x, int v, std::int64_t present) const {
    const std::int64_t count = v + 1 < kVectors ? offset(1) : width - offset(v);
    return load_first(d, x + offset(v), count & present);
  }
  HWY_INLINE void store(hn::Vec<D> value, T* x, int v) const {
    store_first(value, d, x + offset(v), width - offset(v));
  }
};

// One row of out, `stride` apart as those of x. Entries go by fours, the absent ones of the last four masked out: rows
// of random length otherwise cost a mispredicted branch each, more than their arithmetic.
template <int kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE void sum_row(const Columns<kVectors, D>& columns, const CsrView<T> matrix, std::int64_t r, const T* x,
                        std::int64_t stride, T* out) {
  hn::Vec<D> sum[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(columns.d);
  const std::int64_t end = matrix.row_start[r + 1];
  for (std::int64_t e = matrix.row_start[r]; e < end; e += 4) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) {
      const std::int64_t present = -static_cast<std::int64_t>(e + k < end);  // 0 or all ones: no branch
      const std::int64_t at = e + (k & present);
      const auto value = hn::Set(columns.d, matrix.value[at]);
      const T* source = x + matrix.column[at] * stride;
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        sum[v] = hn::MulAdd(value, columns.load(source, v, present), sum[v]);
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) columns.store(sum[v], out + r * stride, v);
}

template <int kVectors, class D, class T = hn::TFromD<D>>
void sum_columns(D d, const CsrView<T>& matrix, std::int64_t first, std::int64_t last, const T* x, std::int64_t width,
                 std::int64_t stride, T* out) {
  const Columns<kVectors, D> columns{d, width};
  const CsrView<T> local = matrix;
  for (std::int64_t r = first; r < last; ++r) sum_row(columns, local, r, x, stride, out);
}

template <class T>
void sum_rows(const CsrView<T>& matrix, std::int64_t first, std::int64_t last, const T* x, std::int64_t width, T* out) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t c = 0; c < width; c += 4 * lanes) {
    const std::int64_t block = std::min(width - c, 4 * lanes);
    switch ((block + lanes - 1) / lanes) {
      case 1:
        sum_columns<1>(d, matrix, first, last, x + c, block, width, out + c);
        break;
      case 2:
        sum_columns<2>(d, matrix, first, last, x + c, block, width, out + c);
        break;
      case 3:
        sum_columns<3>(d, matrix, first, last, x + c, block, width, out + c);
        break;
      default:
        sum_columns<4>(d, matrix, first, last, x + c, block, width, out + c);
        break;
    }
  }
}

template <class T>
T dot(const T* g, const T* x, std::int64_t width) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  std::int64_t c = 0;
  for (; c + lanes <= width; c += lanes) sum = hn::MulAdd(hn::LoadU(d, g + c), hn::LoadU(d, x + c), sum);
  if (c < width) {
    sum = hn::MulAdd(load_first(d, g + c, width - c), load_first(d, x + c, width - c), sum);
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class T>
void dot_rows(const CsrView<T>& matrix, std::int64_t first, std::int64_t last, const T* g, const T* x,
              std::int64_t width, T* value_gradient) {
  for (std::int64_t r = first; r < last; ++r) {
    for (std::int64_t e = matrix.row_start[r]; e < matrix.row_start[r + 1]; ++e) {
      value_gradient[e] = dot(g + r * width, x + matrix.column[e] * width, width);
    }
  }
}

// Highway's dispatch tables take plain functions.
void sum_rows_float(const CsrView<float>& matrix, std::int64_t first, std::int64_t last, const float* x,
                    std::int64_t width, float* out) {
  sum_rows(matrix, first, last, x, width, out);
}
void sum_rows_double(const CsrView<double>& matrix, std::int64_t first, std::int64_t last, const double* x,
                     std::int64_t width, double* out) {
  sum_rows(matrix, first, last, x, width, out);
}
void dot_rows_float(const CsrView<float>& matrix, std::int64_t first, std::int64_t last, const float* g, const float* x,
                    std::int64_t width, float* value_gradient) {
  dot_rows(matrix, first, last, g, x, width, value_gradient);
}
void dot_rows_double(const CsrView<double>& matrix, std::int64_t first, std::int64_t last, const double* g,
                     const double* x, std::int64_t width, double* value_gradient) {
  dot_rows(matrix, first, last, g, x, width, value_gradient);
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(sum_rows_float);
HWY_EXPORT(sum_rows_double);
HWY_EXPORT(dot_rows_float);
HWY_EXPORT(dot_rows_double);

// Runs work(first, last) on blocks of rows, in parallel; no two blocks write the same place.
template <class Work>
void for_row_blocks(std::int64_t rows, const Work& work) {
  constexpr std::int64_t kBlock = 2048;
  const std::int64_t blocks = (rows + kBlock - 1) / kBlock;
#pragma omp parallel for schedule(static) if (blocks > 1)
  for (std::int64_t b = 0; b < blocks; ++b) work(b * kBlock, std::min(rows, (b + 1) * kBlock));
}

}  // namespace

template <class T>
void csr_times_dense(const CsrView<T>& matrix, const T* x, std::int64_t width, T* out) {
  for_row_blocks(matrix.rows, [&](std::int64_t first, std::int64_t last) {
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(sum_rows_float)(matrix, first, last, x, width, out);
    } else {
      HWY_DYNAMIC_DISPATCH(sum_rows_double)(matrix, first, last, x, width, out);
    }
  });
}

template <class T>
void csr_value_gradient(const CsrView<T>& matrix, const T* g, const T* x, std::int64_t width, T* value_gradient) {
  for_row_blocks(matrix.rows, [&](std::int64_t first, std::int64_t last) {
    if constexpr (std::is_same_v<T, float>) {
      HWY_DYNAMIC_DISPATCH(dot_rows_float)(matrix, first, last, g, x, width, value_gradient);
    } else {
      HWY_DYNAMIC_DISPATCH(dot_rows_double)(matrix, first, last, g, x, width, value_gradient);
    }
  });
}

template void csr_times_dense(const CsrView<float>&, const float*, std::int64_t, float*);
template void csr_times_dense(const CsrView<double>&, const double*, std::int64_t, double*);
template void csr_value_gradient(const CsrView<float>&, const float*, const float*, std::int64_t, float*);
template void csr_value_gradient(const CsrView<double>&, const double*, const double*, std::int64_t, double*);

}  // namespace fathom::kernel
#endif  // HWY_ONCE
