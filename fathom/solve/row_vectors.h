// Tensors as kernel/row_algebra.h takes them, where it can: the solvers' sums over rows then need no temporaries.
#pragma once

#include <initializer_list>
#include <type_traits>

#include "fathom/kernel/row_algebra.h"
#include "fathom/tensor/tensor.h"

namespace fathom::solve {

// Whether the kernels work on all of these as they stand: matrices (B, D) or bases (B, k, D) on the CPU, all float32 or
// all float64, the numbers of a row's vectors adjacent, and no gradient to record.
bool kernels_take(std::initializer_list<Tensor> tensors);

// x, which the kernels take, with T its type or const its type.
template <class T>
kernel::RowVectors<T> row_vectors(const Tensor& x) {
  const bool basis = x.dim() == 3;
  return {.data = x.data_ptr<std::remove_const_t<T>>(),
          .rows = x.size(0),
          .count = basis ? x.size(1) : 1,
          .width = x.size(-1),
          .stride = x.stride(0)};
}

// call(T{}) with T the type of x, which the kernels take.
template <class Call>
void with_type_of(const Tensor& x, const Call& call) {
  x.scalar_type() == at::kFloat ? call(float{}) : call(double{});
}

}  // namespace fathom::solve
