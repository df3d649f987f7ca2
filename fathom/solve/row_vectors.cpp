#include "fathom/solve/row_vectors.h"

#include <ATen/core/grad_mode.h>

namespace fathom::solve {

namespace {

// Strides of dimensions of one number mean nothing.
bool is_packed(const Tensor& x) {
  const std::int64_t width = x.size(-1);
  if (width > 1 && x.stride(-1) != 1) return false;
  return x.dim() == 2 || x.size(1) <= 1 || x.stride(1) == width;
}

bool is_plain(const Tensor& x) {
  return x.is_cpu() && x.layout() == at::kStrided &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) && !x.is_neg() &&
         !(at::GradMode::is_enabled() && x.requires_grad());
}

}  // namespace

bool kernels_take(std::initializer_list<Tensor> tensors) {
  for (const Tensor& x : tensors) {
    if (!is_plain(x) || (x.dim() != 2 && x.dim() != 3) || !is_packed(x)) return false;
    if (x.scalar_type() != tensors.begin()->scalar_type()) return false;
  }
  return true;
}

}  // namespace fathom::solve
