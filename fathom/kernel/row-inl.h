// Loops over one row, shared by the kernels of the solvers. Included once for each instruction set.
#if defined(FATHOM_KERNEL_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FATHOM_KERNEL_ROW_INL_H_
#undef FATHOM_KERNEL_ROW_INL_H_
#else
#define FATHOM_KERNEL_ROW_INL_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE std::int64_t lanes_of(D d) {
  return static_cast<std::int64_t>(hn::Lanes(d));
}

// body(d, i) for i in [begin, end): whole vectors, then single lanes with a tag of one lane.
template <class T, class Body>
HWY_INLINE void for_lanes(std::int64_t begin, std::int64_t end, const Body& body) {
  const hn::ScalableTag<T> d;
  const std::int64_t lanes = lanes_of(d);
  std::int64_t i = begin;
  for (; i + lanes <= end; i += lanes) body(d, i);
  for (; i < end; ++i) body(hn::CappedTag<T, 1>(), i);
}

// Lanes as doubles.
template <class D64>
HWY_INLINE hn::Vec<D64> as_double(D64, hn::Vec<D64> x) {
  return x;
}
template <class D64>
HWY_INLINE hn::Vec<D64> as_double(D64 d, hn::Vec<hn::Rebind<float, D64>> x) {
  return hn::PromoteTo(d, x);
}
template <class D64>
HWY_INLINE hn::Vec<D64> load_double(D64 d, const double* x) {
  return hn::LoadU(d, x);
}
template <class D64>
HWY_INLINE hn::Vec<D64> load_double(D64 d, const float* x) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D64>(), x));
}

template <class D>
HWY_INLINE double sum_lanes(D d, hn::Vec<D> x) {
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, x)));
}

#if HWY_TARGET != HWY_SCALAR
// Adds the sums of the even and of the odd lanes to *a and *b.
template <class D>
HWY_INLINE void add_pairs(D d, hn::Vec<D> pairs, double* a, double* b) {
  if constexpr (hn::MaxLanes(D()) > 2) {
    const hn::Half<D> half;
    add_pairs(half, hn::Add(hn::LowerHalf(half, pairs), hn::UpperHalf(half, pairs)), a, b);
  } else {
    HWY_ALIGN double sum[2];
    hn::Store(pairs, d, sum);
    *a += sum[0];
    *b += sum[1];
  }
}
#endif

// Adds the sums of the lanes of x and y to *a and *b, for little more than one sum costs.
template <class D>
HWY_INLINE void add_lanes(D d, hn::Vec<D> x, hn::Vec<D> y, double* a, double* b) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(D()) > 1) {
    return add_pairs(d, hn::Add(hn::InterleaveLower(d, x, y), hn::InterleaveUpper(d, x, y)), a, b);
  }
#endif
  *a += sum_lanes(d, x);
  *b += sum_lanes(d, y);
}

template <class T>
HWY_INLINE void copy_row(const T* HWY_RESTRICT from, std::int64_t n, T* HWY_RESTRICT to) {
  for_lanes<T>(0, n, [&](auto d, std::int64_t i) HWY_ATTR { hn::StoreU(hn::LoadU(d, from + i), d, to + i); });
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#endif
