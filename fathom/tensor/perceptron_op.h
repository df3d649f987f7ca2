// The two-layer perceptron on every row of a matrix as one differentiable operation (kernel/perceptron.h).
#pragma once

#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

// y = act( relu( [a | b] W1' + c1 ) W2' + c2 ), act = relu if `relu_out`, else the identity.
// Shapes: a (N, da), b (N, db) or undefined, W1 (h, da + db), c1 (h) or undefined, W2 (o, h), c2 (o) or undefined;
// y (N, o). Float32 and float64 on the CPU run the fused kernel, which saves only its inputs for backward; other types
// and devices run the composition of tensor operations. Differentiable twice and more (relu'' = 0).
// Accuracy: that of kernel/perceptron.h. Errors: misshapen arguments, mixed types or devices.
Tensor perceptron(const Tensor& a, const Tensor& b, const Tensor& w1, const Tensor& c1, const Tensor& w2,
                  const Tensor& c2, bool relu_out);

}  // namespace fathom::tensor
