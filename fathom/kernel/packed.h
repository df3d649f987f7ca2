// Matrices packed for SIMD: rows padded with zeros to a multiple of 64 bytes, the bias as one more row.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include <hwy/aligned_allocator.h>

namespace fathom::kernel {

// The least multiple of 64 bytes' worth of T that holds `width` numbers.
template <class T>
constexpr std::int64_t padded(std::int64_t width) {
  constexpr std::int64_t kStep = 64 / sizeof(T);
  return (width + kStep - 1) / kStep * kStep;
}

// Aligned memory, zero at first.
template <class T>
hwy::AlignedFreeUniquePtr<T[]> aligned_zeros(std::int64_t count) {
  auto memory = hwy::AllocateAligned<T>(static_cast<std::size_t>(std::max<std::int64_t>(count, 1)));
  std::fill_n(memory.get(), count, T{0});
  return memory;
}

// The affine map out = in W + c with `depth` inputs and `width` outputs: row k < depth of `data` holds W(k,:), row
// `depth` holds c, each `stride` = padded(width) numbers apart.
template <class T>
struct PackedView {
  T* data = nullptr;
  std::int64_t depth = 0;
  std::int64_t width = 0;
  std::int64_t stride = 0;

  static std::int64_t size(std::int64_t depth, std::int64_t width) { return (depth + 1) * padded<T>(width); }
  T* bias() const { return data + depth * stride; }
};

template <class T>
PackedView<T> packed_view(T* data, std::int64_t depth, std::int64_t width) {
  return {data, depth, width, padded<T>(width)};
}

template <class T>
class Packed {
 public:
  Packed(std::int64_t depth, std::int64_t width)
      : memory_(aligned_zeros<T>(PackedView<T>::size(depth, width))), view_(packed_view(memory_.get(), depth, width)) {}
  const PackedView<T>& view() const { return view_; }

 private:
  hwy::AlignedFreeUniquePtr<T[]> memory_;
  PackedView<T> view_;
};

// A layer's weight (width, depth) and bias (width, or null), as a map from its inputs to its outputs.
template <class T>
Packed<T> pack_layer(const T* weight, const T* bias, std::int64_t width, std::int64_t depth) {
  Packed<T> packed(depth, width);
  const PackedView<T>& to = packed.view();
  for (std::int64_t j = 0; j < width; ++j) {
    for (std::int64_t k = 0; k < depth; ++k) to.data[k * to.stride + j] = weight[j * depth + k];
    if (bias != nullptr) to.bias()[j] = bias[j];
  }
  return packed;
}

// Columns first .. first+width-1 of a layer's weight (depth, inputs): the map that takes a gradient back through it.
template <class T>
Packed<T> pack_adjoint(const T* weight, std::int64_t depth, std::int64_t inputs, std::int64_t first,
                       std::int64_t width) {
  Packed<T> packed(depth, width);
  const PackedView<T>& to = packed.view();
  for (std::int64_t j = 0; j < depth; ++j) {
    std::copy_n(weight + j * inputs + first, width, to.data + j * to.stride);
  }
  return packed;
}

// The inverse of pack_layer; null pointers are skipped.
template <class T>
void unpack_layer(const PackedView<T>& from, T* weight, T* bias) {
  for (std::int64_t j = 0; weight != nullptr && j < from.width; ++j) {
    for (std::int64_t k = 0; k < from.depth; ++k) weight[j * from.depth + k] = from.data[k * from.stride + j];
  }
  if (bias != nullptr) std::copy_n(from.bias(), from.width, bias);
}

}  // namespace fathom::kernel
