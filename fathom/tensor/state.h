// The unknown of a fixed point: one or several batched tensors seen as one matrix.
//
//   parts   y_i of shape (B, ...), the first dimension is the sample; all of one dtype and device
//   flat    (B, D), D = sum of the parts' elements per sample; row b is everything about sample b
//
// One part: flat() is a view of it. Several parts: flat() joins them once, and with_flat() gives the parts back as
// strided views of a flat buffer, so that a solver that works on flat buffers copies nothing but what G returns.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

class State {
 public:
  State() = default;
  State(Tensor part);                // NOLINT(google-explicit-constructor): a tensor is a state
  State(std::vector<Tensor> parts);  // NOLINT(google-explicit-constructor)
  // Errors (fathom::Error): no part, an undefined part, a part without a batch dimension, batches, dtypes or devices
  // that differ between the parts.

  bool defined() const { return !parts_.empty(); }
  const std::vector<Tensor>& parts() const { return parts_; }
  const Tensor& operator[](std::size_t i) const { return parts_[i]; }
  const Tensor& only() const;  // the tensor of a one-part state; Error otherwise

  std::int64_t batch() const;                // B
  std::int64_t width() const;                // D
  std::vector<std::int64_t> widths() const;  // elements per sample of each part; their sum is D

  // (B, D). Differentiable. A view where one contiguous part allows it.
  Tensor flat() const;
  // The state whose flat matrix is `flat` (b, D): the parts' shapes with b rows, as views of `flat`. Differentiable.
  State with_flat(const Tensor& flat) const;

  State detach() const;
  // Same number of parts, and each part of the same shape after the first dimension.
  bool same_layout(const State& other) const;

 private:
  std::vector<Tensor> parts_;
};

}  // namespace fathom::tensor

namespace fathom {
using tensor::State;
}  // namespace fathom
