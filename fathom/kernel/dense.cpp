#include "fathom/kernel/dense.h"

#include <algorithm>
#include <span>

#include "fathom/base/error.h"
#include "fathom/kernel/dense_rows.h"
#include "fathom/kernel/scratch.h"

namespace fathom::kernel {
namespace {

// Starting threads costs some microseconds: below this many operations one thread is faster.
constexpr double kParallelFrom = 1 << 22;

// Rows that a thread takes at a time.
constexpr std::int64_t kTileRows = 48;

// All of out = act(x A + c); a panel stays in the cache while the rows pass by.
template <class T>
void product(DenseTile<T> task) {
  const std::int64_t panels = task.a.count(), tiles = (task.rows.count + kTileRows - 1) / kTileRows;
  const double operations = 2.0 * static_cast<double>(task.rows.count * task.a.depth * task.a.width);
  const auto run = [&](std::int64_t panel, std::int64_t first, std::int64_t last) {
    DenseTile<T> tile = task;
    tile.panel = panel;
    tile.first = first;
    tile.last = last;
    dense_tile(tile);
  };
  if (operations < kParallelFrom) {
    for (std::int64_t p = 0; p < panels; ++p) run(p, 0, task.rows.count);
    return;
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < panels * tiles; ++i) {
    const std::int64_t first = i % tiles * kTileRows;
    run(i / tiles, first, std::min(first + kTileRows, task.rows.count));
  }
}

}  // namespace

template <class T>
Dense<T>::Dense(const T* weight, std::int64_t outputs, std::int64_t inputs, Activation act)
    : forward_(
          (base::require(outputs >= 1, "kernel::Dense", "outputs", outputs, ">= 1", "a layer has at least one unit"),
           base::require(inputs >= 1, "kernel::Dense", "inputs", inputs, ">= 1", "a layer has at least one input"),
           weight),
          inputs, outputs, 1, inputs),
      adjoint_(weight, outputs, inputs, inputs, 1),
      act_(act) {}

template <class T>
void Dense<T>::evaluate(const DenseRows<T>& rows, const T* y, T* g) const {
  product<T>({.a = forward_.view(), .rows = rows, .act = act_, .x = y, .out = g});
}

// v = u act' of a few rows, then w = v W.
template <class T>
void Dense<T>::vjp(const DenseRows<T>& rows, const T* y, const T* g, const T* u, T* w) const {
  constexpr std::int64_t kMostRows = 256;
  T* v = scratch<T, Dense<T>>(std::min(rows.count, kMostRows) * outputs());
  for (std::int64_t first = 0; first < rows.count; first += kMostRows) {
    const std::int64_t count = std::min(kMostRows, rows.count - first);
    const T* u_rows = u + first * outputs();
    if (slope_from_output(act_)) {
      const auto size = static_cast<std::size_t>(count * outputs());
      activation_vjp<T>(act_, std::span(u_rows, size), g + first * outputs(), v);
    } else {
      DenseRows<T> some{.count = count, .c = rows.c, .sample = rows.sample};
      if (some.sample != nullptr) {
        some.sample += first;
      } else if (some.c != nullptr) {
        some.c += first * outputs();
      }
      product<T>({.a = forward_.view(), .rows = some, .act = act_, .x = y + first * inputs(), .u = u_rows, .out = v});
    }
    product<T>({.a = adjoint_.view(), .rows = {.count = count}, .x = v, .out = w + first * inputs()});
  }
}

template class Dense<float>;
template class Dense<double>;

}  // namespace fathom::kernel
