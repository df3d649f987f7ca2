#include "fathom/tensor/map.h"

#include <ATen/ops/index_select.h>

namespace fathom::tensor {

Tensor Rows::of(const Tensor& context) const { return all() ? context : context.index_select(0, index_); }

}  // namespace fathom::tensor
