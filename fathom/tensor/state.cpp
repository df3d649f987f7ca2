#include "fathom/tensor/state.h"

#include <utility>

#include <ATen/ops/cat.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"

namespace fathom::tensor {

namespace {

std::int64_t per_sample(const Tensor& part) {
  std::int64_t width = 1;
  for (const std::int64_t size : part.sizes().slice(1)) width *= size;
  return width;
}

std::vector<std::int64_t> shape_with_batch(const Tensor& part, std::int64_t batch) {
  std::vector<std::int64_t> shape = part.sizes().vec();
  shape[0] = batch;
  return shape;
}

}  // namespace

State::State(Tensor part) : State(std::vector<Tensor>{std::move(part)}) {}

State::State(std::vector<Tensor> parts) : parts_(std::move(parts)) {
  if (parts_.empty()) base::fail("tensor::State", "a state needs at least one tensor; none was given");
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Tensor& part = parts_[i];
    if (!part.defined()) base::fail("tensor::State", "part {} is undefined; give a tensor of shape (B, ...)", i);
    if (part.dim() < 1)
      base::fail("tensor::State", "part {} has no batch dimension; its first dimension must be the sample", i);
    if (part.size(0) != parts_[0].size(0)) {
      base::fail("tensor::State", "part {} has {} samples but part 0 has {}; all parts share the batch", i,
                 part.size(0), parts_[0].size(0));
    }
    if (part.scalar_type() != parts_[0].scalar_type() || part.device() != parts_[0].device()) {
      base::fail("tensor::State", "part {} differs from part 0 in dtype or device; convert it first", i);
    }
  }
}

const Tensor& State::only() const {
  if (parts_.size() != 1)
    base::fail("tensor::State::only", "the state has {} parts; index the one meant", parts_.size());
  return parts_[0];
}

std::int64_t State::batch() const { return parts_.at(0).size(0); }

std::int64_t State::width() const {
  std::int64_t width = 0;
  for (const Tensor& part : parts_) width += per_sample(part);
  return width;
}

std::vector<std::int64_t> State::widths() const {
  std::vector<std::int64_t> widths;
  for (const Tensor& part : parts_) widths.push_back(per_sample(part));
  return widths;
}

Tensor State::flat() const {
  if (parts_.size() == 1) {
    const Tensor& part = parts_[0];
    return part.dim() == 2 ? part : part.reshape({part.size(0), per_sample(part)});
  }
  std::vector<Tensor> columns;
  for (const Tensor& part : parts_) columns.push_back(part.reshape({part.size(0), per_sample(part)}));
  return at::cat(columns, 1);
}

State State::with_flat(const Tensor& flat) const {
  if (flat.dim() != 2 || flat.size(1) != width()) {
    base::fail("tensor::State::with_flat", "flat has shape {} but needs (b, {})", fmt::streamed(flat.sizes()), width());
  }
  if (parts_.size() == 1) {
    const Tensor& part = parts_[0];
    return part.dim() == 2 ? State(flat) : State(flat.view(shape_with_batch(part, flat.size(0))));
  }
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const Tensor& part : parts_) {
    const std::int64_t width = per_sample(part);
    const Tensor columns = flat.narrow(1, start, width);
    // Splitting the unit-stride last dimension of a narrowed matrix is a view; a merge never happens here.
    parts.push_back(columns.view(shape_with_batch(part, flat.size(0))));
    start += width;
  }
  return State(std::move(parts));
}

State State::detach() const {
  std::vector<Tensor> parts;
  for (const Tensor& part : parts_) parts.push_back(part.detach());
  return State(std::move(parts));
}

bool State::same_layout(const State& other) const {
  if (parts_.size() != other.parts_.size()) return false;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].sizes().slice(1) != other.parts_[i].sizes().slice(1)) return false;
  }
  return true;
}

}  // namespace fathom::tensor
