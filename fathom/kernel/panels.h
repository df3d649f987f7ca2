// A matrix packed into panels of columns, the order in which a tall product reads it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "fathom/kernel/huge_pages.h"
#include "fathom/kernel/packed.h"

namespace fathom::kernel {

// Panel p holds columns p * kWidth .. of a matrix A (depth, width), row after row: A(k, p * kWidth + j) is
// panel(p)[k * stride(p) + j]. Rows are padded with zeros to 64 bytes.
template <class T>
struct PanelsView {
  static constexpr std::int64_t kWidth = 256 / sizeof(T);

  const T* data = nullptr;
  std::int64_t depth = 0;
  std::int64_t width = 0;

  std::int64_t count() const { return (width + kWidth - 1) / kWidth; }
  std::int64_t columns(std::int64_t p) const { return std::min(kWidth, width - p * kWidth); }
  std::int64_t stride(std::int64_t p) const { return padded<T>(columns(p)); }
  const T* panel(std::int64_t p) const { return data + p * kWidth * depth; }
};

template <class T>
class Panels {
 public:
  // A(k, j) = source[k * row_step + j * column_step].
  Panels(const T* source, std::int64_t depth, std::int64_t width, std::int64_t row_step, std::int64_t column_step)
      : memory_(hwy::AllocateAligned<T>(static_cast<std::size_t>(std::max<std::int64_t>(depth * padded<T>(width), 1)))),
        view_{memory_.get(), depth, width} {
    prefer_huge_pages(memory_.get(), static_cast<std::size_t>(depth * padded<T>(width)) * sizeof(T));
    for (std::int64_t p = 0; p < view_.count(); ++p) {
      pack(source + p * view_.kWidth * column_step, row_step, column_step, view_.columns(p), view_.stride(p),
           memory_.get() + p * view_.kWidth * depth);
    }
  }
  const PanelsView<T>& view() const { return view_; }

 private:
  // A few rows at a time, so that whichever way `source` runs its lines are read while they are in the cache.
  void pack(const T* source, std::int64_t row_step, std::int64_t column_step, std::int64_t columns, std::int64_t stride,
            T* panel) const {
    constexpr std::int64_t kRows = 16;
    for (std::int64_t first = 0; first < view_.depth; first += kRows) {
      const std::int64_t last = std::min(first + kRows, view_.depth);
      for (std::int64_t j = 0; j < columns; ++j) {
        for (std::int64_t k = first; k < last; ++k) panel[k * stride + j] = source[k * row_step + j * column_step];
      }
      for (std::int64_t k = first; k < last; ++k) std::fill_n(panel + k * stride + columns, stride - columns, T{0});
    }
  }

  hwy::AlignedFreeUniquePtr<T[]> memory_;
  PanelsView<T> view_;
};

}  // namespace fathom::kernel
