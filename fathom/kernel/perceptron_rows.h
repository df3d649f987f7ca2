// One thread's share of perceptron.h: rows first .. last-1 with packed weights; perceptron.cpp packs, splits, adds up.
#pragma once

#include <cstdint>

#include "fathom/kernel/packed.h"
#include "fathom/kernel/perceptron.h"

namespace fathom::kernel {

// Rows that are worked on at a time, so that all between the layers stays in the first-level cache.
inline constexpr std::int64_t kPerceptronTile = 64;

template <class T>
struct PerceptronLayers {
  PackedView<T> first;   // inputs -> hidden
  PackedView<T> second;  // hidden -> outputs
  bool relu = false;
};

// Maps that take gradients back: outputs -> hidden, hidden -> a, hidden -> b.
template <class T>
struct PerceptronAdjoints {
  PackedView<T> hidden;
  PackedView<T> a;
  PackedView<T> b;
};

template <class T>
void perceptron_forward_rows(const PerceptronInput<T>& input, const PerceptronLayers<T>& layers, std::int64_t first,
                             std::int64_t last, T* y);

// Writes the rows of da and db that are wanted, and adds the weight gradients to `sums` unless sums.first.data is null.
template <class T>
void perceptron_backward_rows(const PerceptronInput<T>& input, const PerceptronLayers<T>& layers,
                              const PerceptronAdjoints<T>& adjoints, std::int64_t first, std::int64_t last, const T* dy,
                              T* da, T* db, const PerceptronLayers<T>& sums);

}  // namespace fathom::kernel
