#include "fathom/kernel/perceptron_rows.h"

#include <algorithm>

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/perceptron_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "fathom/kernel/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {

template <class T>
Operand<T> rows_of(const T* data, std::int64_t first, std::int64_t width) {
  return {data + first * width, width, width};
}

// Asks for the rows of the tile behind `row`, so that they arrive while this one is worked on.
template <class T>
HWY_INLINE void prefetch_tile(const T* data, std::int64_t row, std::int64_t last, std::int64_t width) {
  constexpr std::int64_t kLine = 64 / sizeof(T);
  const std::int64_t end = std::min(row + 2 * kPerceptronTile, last) * width;
  for (std::int64_t i = (row + kPerceptronTile) * width; i < end; i += kLine) hwy::Prefetch(data + i);
}

// Runs tile(first row, number of rows) over first .. last-1.
template <class Tile>
void for_tiles(std::int64_t first, std::int64_t last, const Tile& tile) {
  for (std::int64_t row = first; row < last; row += kPerceptronTile) {
    tile(row, std::min(kPerceptronTile, last - row));
  }
}

template <class T>
void hidden_tile(const PerceptronInput<T>& input, const PackedView<T>& layer, std::int64_t row, std::int64_t rows,
                 T* hidden) {
  multiply_tile(rows_of(input.a, row, input.a_width), rows_of(input.b, row, input.b_width), rows, layer,
                StoreRelu<T>{hidden, layer.stride});
}

template <class T>
void forward_rows(const PerceptronInput<T>& input, const PerceptronLayers<T>& layers, std::int64_t first,
                  std::int64_t last, T* y) {
  const PackedView<T>& second = layers.second;
  const auto hidden = aligned_zeros<T>(kPerceptronTile * layers.first.stride);
  const Operand<T> h{hidden.get(), second.depth, layers.first.stride};
  for_tiles(first, last, [&](std::int64_t row, std::int64_t rows) HWY_ATTR {
    prefetch_tile(input.a, row, last, input.a_width);
    prefetch_tile(input.b, row, last, input.b_width);
    hidden_tile(input, layers.first, row, rows, hidden.get());
    T* out = y + row * second.width;
    if (layers.relu) {
      multiply_tile(h, {}, rows, second, StoreRows<T, true>{out, second.width});
    } else {
      multiply_tile(h, {}, rows, second, StoreRows<T, false>{out, second.width});
    }
  });
}

// g = the gradient behind the second layer: dy, gated by the output relu if there is one.
template <class T>
void output_gradient(const PerceptronLayers<T>& layers, const Operand<T>& h, std::int64_t rows, const T* dy, T* g) {
  const PackedView<T>& second = layers.second;
  if (layers.relu) {
    multiply_tile(h, {}, rows, second, StoreReluGradient<T>{dy, second.width, g, second.stride});
  } else {
    load_rows(dy, rows, second.width, g, second.stride);
  }
}

// sums += [x0 | x1 | 1]^T g
template <class T>
void add_layer_gradient(const Operand<T>& x0, const Operand<T>& x1, const Operand<T>& g, std::int64_t rows,
                        const PackedView<T>& sums) {
  outer_tile(x0, rows, g, sums.data);
  outer_tile(x1, rows, g, sums.data + x0.width * sums.stride);
  add_column_sums(g, rows, sums.bias());
}

template <class T>
void backward_rows(const PerceptronInput<T>& input, const PerceptronLayers<T>& layers,
                   const PerceptronAdjoints<T>& adjoints, std::int64_t first, std::int64_t last, const T* dy, T* da,
                   T* db, const PerceptronLayers<T>& sums) {
  const std::int64_t hidden_stride = layers.first.stride;
  const std::int64_t output_stride = layers.second.stride;
  const auto hidden = aligned_zeros<T>(kPerceptronTile * hidden_stride);
  const auto gradient = aligned_zeros<T>(kPerceptronTile * output_stride);
  const Operand<T> h{hidden.get(), layers.second.depth, hidden_stride};
  const Operand<T> g{gradient.get(), layers.second.width, output_stride};
  for_tiles(first, last, [&](std::int64_t row, std::int64_t rows) HWY_ATTR {
    prefetch_tile(input.a, row, last, input.a_width);
    prefetch_tile(input.b, row, last, input.b_width);
    prefetch_tile(dy, row, last, g.width);
    hidden_tile(input, layers.first, row, rows, hidden.get());
    output_gradient(layers, h, rows, dy + row * g.width, gradient.get());
    if (sums.second.data != nullptr) add_layer_gradient(h, {}, g, rows, sums.second);

    // From here on `hidden` holds the gradient in front of the hidden relu.
    multiply_tile(g, {}, rows, adjoints.hidden, StoreGated<T>{hidden.get(), hidden.get(), hidden_stride});
    if (sums.first.data != nullptr) {
      add_layer_gradient(rows_of(input.a, row, input.a_width), rows_of(input.b, row, input.b_width), h, rows,
                         sums.first);
    }
    if (da != nullptr) {
      multiply_tile(h, {}, rows, adjoints.a, StoreRows<T, false>{da + row * input.a_width, input.a_width});
    }
    if (db != nullptr) {
      multiply_tile(h, {}, rows, adjoints.b, StoreRows<T, false>{db + row * input.b_width, input.b_width});
    }
  });
}

// Highway's dispatch tables take plain functions.
#define FATHOM_PERCEPTRON_ROWS(T)                                                                                   \
  void forward_rows_##T(const PerceptronInput<T>& input, const PerceptronLayers<T>& layers, std::int64_t first,     \
                        std::int64_t last, T* y) {                                                                  \
    forward_rows(input, layers, first, last, y);                                                                    \
  }                                                                                                                 \
  void backward_rows_##T(const PerceptronInput<T>& input, const PerceptronLayers<T>& layers,                        \
                         const PerceptronAdjoints<T>& adjoints, std::int64_t first, std::int64_t last, const T* dy, \
                         T* da, T* db, const PerceptronLayers<T>& sums) {                                           \
    backward_rows(input, layers, adjoints, first, last, dy, da, db, sums);                                          \
  }
FATHOM_PERCEPTRON_ROWS(float)
FATHOM_PERCEPTRON_ROWS(double)
#undef FATHOM_PERCEPTRON_ROWS

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(forward_rows_float);
HWY_EXPORT(forward_rows_double);
HWY_EXPORT(backward_rows_float);
HWY_EXPORT(backward_rows_double);

}  // namespace

template <>
void perceptron_forward_rows(const PerceptronInput<float>& input, const PerceptronLayers<float>& layers,
                             std::int64_t first, std::int64_t last, float* y) {
  HWY_DYNAMIC_DISPATCH(forward_rows_float)(input, layers, first, last, y);
}

template <>
void perceptron_forward_rows(const PerceptronInput<double>& input, const PerceptronLayers<double>& layers,
                             std::int64_t first, std::int64_t last, double* y) {
  HWY_DYNAMIC_DISPATCH(forward_rows_double)(input, layers, first, last, y);
}

template <>
void perceptron_backward_rows(const PerceptronInput<float>& input, const PerceptronLayers<float>& layers,
                              const PerceptronAdjoints<float>& adjoints, std::int64_t first, std::int64_t last,
                              const float* dy, float* da, float* db, const PerceptronLayers<float>& sums) {
  HWY_DYNAMIC_DISPATCH(backward_rows_float)(input, layers, adjoints, first, last, dy, da, db, sums);
}

template <>
void perceptron_backward_rows(const PerceptronInput<double>& input, const PerceptronLayers<double>& layers,
                              const PerceptronAdjoints<double>& adjoints, std::int64_t first, std::int64_t last,
                              const double* dy, double* da, double* db, const PerceptronLayers<double>& sums) {
  HWY_DYNAMIC_DISPATCH(backward_rows_double)(input, layers, adjoints, first, last, dy, da, db, sums);
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
