#include "fathom/domain/llm/tensor_rows.h"

#include <cstring>

#include <ATen/ops/from_blob.h>

namespace fathom::llm {

Tensor rows_from(const float* rows, std::int64_t count, std::int64_t width, const at::TensorOptions& type) {
  // A copy: the memory is the caller's, who may write over it.
  return at::from_blob(const_cast<float*>(rows), {count, width}, at::kFloat).to(type, false, /*copy=*/true);
}

void rows_to(const Tensor& rows, float* out) {
  const Tensor host = rows.detach().to(at::kCPU, at::kFloat).contiguous();
  std::memcpy(out, host.data_ptr<float>(), host.nbytes());
}

}  // namespace fathom::llm
