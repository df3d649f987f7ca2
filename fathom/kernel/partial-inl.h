// Vectors that are only partly there: loads and stores that never touch memory beyond their first lanes. Highway's
// masked loads promise this on AVX2 and AVX-512 alone; elsewhere they are aligned loads of whole vectors.
#if defined(FATHOM_KERNEL_PARTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FATHOM_KERNEL_PARTIAL_INL_H_
#undef FATHOM_KERNEL_PARTIAL_INL_H_
#else
#define FATHOM_KERNEL_PARTIAL_INL_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#undef FATHOM_KERNEL_MASKED_MEMORY
#define FATHOM_KERNEL_MASKED_MEMORY (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)  // better targets are smaller

// x[0 .. count) with zeros behind, 0 <= count <= lanes; no alignment needed.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_first(D d, const T* x, std::int64_t count) {
#if FATHOM_KERNEL_MASKED_MEMORY
  return hn::MaskedLoad(hn::FirstN(d, count), d, x);
#else
  if (count == static_cast<std::int64_t>(hn::Lanes(d))) return hn::LoadU(d, x);
  HWY_ALIGN T lane[hn::MaxLanes(D())] = {};
  for (std::int64_t i = 0; i < count; ++i) lane[i] = x[i];
  return hn::Load(d, lane);
#endif
}

// Writes the first `count` >= 0 lanes, or all if count is more.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_first(hn::Vec<D> value, D d, T* x, std::int64_t count) {
  if (count >= static_cast<std::int64_t>(hn::Lanes(d))) return hn::StoreU(value, d, x);
#if FATHOM_KERNEL_MASKED_MEMORY
  hn::BlendedStore(value, hn::FirstN(d, count), d, x);
#else
  HWY_ALIGN T lane[hn::MaxLanes(D())];
  hn::Store(value, d, lane);
  for (std::int64_t i = 0; i < count; ++i) x[i] = lane[i];
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#endif  // FATHOM_KERNEL_PARTIAL_INL_H_
