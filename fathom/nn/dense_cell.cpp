#include "fathom/nn/dense_cell.h"

#include <memory>
#include <span>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>

#include "fathom/base/error.h"
#include "fathom/kernel/dense.h"

namespace fathom::nn {

namespace {

template <class T>
class DenseCell final : public tensor::PackedCell<T> {
 public:
  DenseCell(const Tensor& weight, const Tensor& injection, Activation act)
      : injection_(injection.detach().contiguous()),
        dense_(weight.detach().contiguous().data_ptr<T>(), weight.size(0), weight.size(1), act) {}

  std::int64_t samples() const override { return injection_.size(0); }
  std::int64_t width() const override { return dense_.outputs(); }
  double flops() const override {
    return 2.0 * static_cast<double>(dense_.inputs()) * static_cast<double>(dense_.outputs());
  }
  void evaluate(std::span<const std::int64_t> samples, const T* y, T* g) const override {
    dense_.evaluate(rows(samples), y, g);
  }
  void vjp(std::span<const std::int64_t> samples, const T* y, const T* g, const T* u, T* w) const override {
    dense_.vjp(rows(samples), y, g, u, w);
  }

 private:
  kernel::DenseRows<T> rows(std::span<const std::int64_t> samples) const {
    return {static_cast<std::int64_t>(samples.size()), injection_.data_ptr<T>(), samples.data()};
  }

  Tensor injection_;  // (B, D)
  kernel::Dense<T> dense_;
};

void require_shapes(const Tensor& weight, const Tensor& injection) {
  constexpr const char* kPlace = "nn::dense_map";
  base::require(weight.dim() == 2 && weight.size(0) == weight.size(1), kPlace, "weight.dim() or shape", weight.dim(),
                "(D, D)", "a map takes a state to one of its own width");
  base::require(injection.dim() == 2 && injection.size(1) == weight.size(0), kPlace, "injection.size(-1)",
                injection.dim() == 0 ? 0 : injection.size(-1), "(B, D) with the weight's D",
                "compute the injection with linear(x, U, b)");
  base::require(weight.scalar_type() == injection.scalar_type(), kPlace, "injection dtype",
                toString(injection.scalar_type()), "the weight's dtype", "convert one with to()");
  base::require(weight.device() == injection.device(), kPlace, "injection device", injection.device().str(),
                "the weight's device", "move one with to()");
}

}  // namespace

Tensor activate(Activation act, const Tensor& x) {
  switch (act) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return at::relu(x);
    case Activation::tanh:
      return at::tanh(x);
    case Activation::sigmoid:
      return at::sigmoid(x);
    case Activation::exp:
      return at::exp(x);
    case Activation::gelu:
      return at::gelu(x);
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::silu:
      return at::silu(x);
  }
  return x;
}

void pack_dense(Map& map, const Tensor& weight, const Tensor& injection, Activation act) {
  require_shapes(weight, injection);
  if (!weight.device().is_cpu() || weight.layout() != at::kStrided) return;
  if (weight.scalar_type() == at::kFloat) {
    map.packed_as<float>(std::make_shared<const DenseCell<float>>(weight, injection, act));
  } else if (weight.scalar_type() == at::kDouble) {
    map.packed_as<double>(std::make_shared<const DenseCell<double>>(weight, injection, act));
  }
}

Map dense_map(const Tensor& weight, const Tensor& injection, Activation act) {
  require_shapes(weight, injection);
  Map map([W = weight, c = injection, act](const Tensor& y, const Rows& rows) {
    return activate(act, at::linear(y, W) + rows.of(c));
  });
  pack_dense(map, weight, injection, act);
  return map;
}

}  // namespace fathom::nn
