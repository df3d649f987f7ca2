#include "fathom/solve/krylov_basis.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/tensor/convert.h"

namespace fathom::solve {

std::vector<double> row_norms(const Tensor& rows) {
  const Tensor flat = rows.detach().flatten(1);
  return tensor::to_doubles(at::linalg_vector_norm(flat, 2, {1}, false, at::kDouble));
}

std::vector<double> orthogonalise(Tensor& w, const Tensor& V) {
  Tensor h = at::zeros({V.size(0), V.size(1), 1}, w.options().dtype(at::kDouble));
  for (int pass = 0; pass < 2; ++pass) {
    const Tensor part = at::bmm(V, w.unsqueeze(2));
    w = at::baddbmm(w.unsqueeze(2), V.transpose(1, 2), part, 1, -1).squeeze(2);
    h += part;
  }
  return tensor::to_doubles(h);
}

Tensor unit_rows(const Tensor& v, const std::vector<double>& norms, const std::vector<char>& chosen) {
  std::vector<double> divisor(norms.size());
  for (std::size_t row = 0; row < norms.size(); ++row) {
    divisor[row] = chosen[row] ? norms[row] : std::numeric_limits<double>::infinity();
  }
  const auto rows = static_cast<std::int64_t>(norms.size());
  const Tensor d = tensor::from_doubles(divisor, {rows, 1}, at::kDouble).to(v.options());
  return at::where(d.isinf(), at::zeros_like(v), v / d);
}

}  // namespace fathom::solve
