#include "fathom/nn/spectral_conv.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/view_as_complex.h>

#include "fathom/tensor/spectral_op.h"

namespace fathom::nn {

SpectralConv2d::SpectralConv2d(std::int64_t in, std::int64_t out, std::int64_t modes) {
  const double scale = 1 / static_cast<double>(in * out);
  weights1 = register_parameter("weights1", scale * at::rand({in, out, modes, modes, 2}));
  weights2 = register_parameter("weights2", scale * at::rand({in, out, modes, modes, 2}));
}

Tensor SpectralConv2d::forward(const Tensor& x) const {
  return tensor::spectral_conv2d(x, at::view_as_complex(weights1), at::view_as_complex(weights2));
}

}  // namespace fathom::nn
