#include "fathom/domain/pde/symmetry.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/stack.h>

namespace fathom::pde {

namespace {

// Values at -x: the first point stays.
Tensor reversed(const Tensor& field, std::int64_t axis) { return field.flip({axis}).roll({1}, {axis}); }

ForcedFlow along(const ForcedFlow& flow, std::int64_t axis) {
  const Tensor f1 = reversed(flow.forcing.select(1, 0), axis), f2 = reversed(flow.forcing.select(1, 1), axis);
  return {at::stack({axis == 1 ? -f1 : f1, axis == 2 ? -f2 : f2}, 1), -reversed(flow.vorticity, axis)};
}

ForcedFlow exchanged(const ForcedFlow& flow) {
  const Tensor turned = flow.forcing.transpose(2, 3);
  return {at::stack({turned.select(1, 1), turned.select(1, 0)}, 1), -flow.vorticity.transpose(1, 2)};
}

}  // namespace

ForcedFlow mirrored(const ForcedFlow& flow, std::int64_t symmetry) {
  ForcedFlow image = flow;
  if (symmetry & 1) image = along(image, 1);
  if (symmetry & 2) image = along(image, 2);
  if (symmetry & 4) image = exchanged(image);
  return image;
}

}  // namespace fathom::pde
