#include "fathom/solve/krylov_basis.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/solve/row_vectors.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

bool kernels_take_rows(const Tensor& V, const Tensor& x) {
  return x.dim() == 2 && V.size(0) == x.size(0) && V.size(2) == x.size(1) && kernels_take({V, x});
}

// w may be memory of the caller, so what is left of it goes into a new tensor.
std::vector<double> orthogonalise_by_kernel(Tensor& w, const Tensor& V) {
  std::vector<double> h(V.size(0) * V.size(1));
  const Tensor left = at::empty(w.sizes(), w.options());
  with_type_of(w, [&](auto zero) {
    using T = decltype(zero);
    kernel::orthogonalise_rows<T>(row_vectors<const T>(V), row_vectors<const T>(w), row_vectors<T>(left), h.data());
  });
  w = left;
  return h;
}

}  // namespace

std::vector<double> row_norms(const Tensor& rows) {
  const Tensor flat = rows.detach().flatten(1);
  if (!kernels_take({flat})) return tensor::to_doubles(at::linalg_vector_norm(flat, 2, {1}, false, at::kDouble));
  std::vector<double> norms(flat.size(0));
  with_type_of(flat, [&](auto zero) { kernel::row_norms(row_vectors<const decltype(zero)>(flat), norms.data()); });
  return norms;
}

std::vector<double> orthogonalise(Tensor& w, const Tensor& V) {
  if (kernels_take_rows(V, w)) return orthogonalise_by_kernel(w, V);
  Tensor h = at::zeros({V.size(0), V.size(1), 1}, w.options().dtype(at::kDouble));
  for (int pass = 0; pass < 2; ++pass) {
    const Tensor part = at::bmm(V, w.unsqueeze(2));
    w = at::baddbmm(w.unsqueeze(2), V.transpose(1, 2), part, 1, -1).squeeze(2);
    h += part;
  }
  return tensor::to_doubles(h);
}

Tensor unit_rows(const Tensor& v, const std::vector<double>& norms, const std::vector<char>& chosen) {
  const Tensor unit = at::empty(v.sizes(), v.options());
  write_unit_rows(v, norms, chosen, unit);
  return unit;
}

void write_unit_rows(const Tensor& v, const std::vector<double>& norms, const std::vector<char>& chosen,
                     const Tensor& to) {
  if (v.sizes() == to.sizes() && kernels_take({v, to})) {
    std::vector<double> factor(norms.size(), 0);
    for (std::size_t row = 0; row < norms.size(); ++row) {
      if (chosen[row]) factor[row] = 1 / norms[row];
    }
    with_type_of(v, [&](auto zero) {
      using T = decltype(zero);
      kernel::scale_rows<T>(row_vectors<const T>(v), factor.data(), row_vectors<T>(to));
    });
    return;
  }
  std::vector<double> divisor(norms.size());
  for (std::size_t row = 0; row < norms.size(); ++row) {
    divisor[row] = chosen[row] ? norms[row] : std::numeric_limits<double>::infinity();
  }
  const auto rows = static_cast<std::int64_t>(norms.size());
  const Tensor d = tensor::from_doubles(divisor, {rows, 1}, at::kDouble).to(v.options());
  to.copy_(at::where(d.isinf(), at::zeros_like(v), v / d));
}

void add_combination(const Tensor& V, const std::vector<double>& y, const Tensor& x) {
  if (kernels_take_rows(V, x)) {
    with_type_of(x, [&](auto zero) {
      using T = decltype(zero);
      kernel::add_scaled_rows<T>(row_vectors<const T>(V), y.data(), row_vectors<T>(x));
    });
    return;
  }
  const Tensor factor = tensor::from_doubles(y, {V.size(0), 1, V.size(1)}, at::kDouble).to(x.options());
  x.add_(at::bmm(factor, V).squeeze(1));
}

}  // namespace fathom::solve
