#include "fathom/tensor/sole_owner.h"

namespace fathom::tensor {

bool sole_owner(const Tensor& x) {
  if (!x.defined() || !x.has_storage() || x.use_count() != 1) return false;
  const c10::Storage& storage = x.storage();
  return storage.use_count() == 1 && storage.resizable();
}

}  // namespace fathom::tensor
