#include "fathom/nn/conv_cell.h"

#include <memory>

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/conv.h"
#include "fathom/kernel/scratch.h"
#include "fathom/nn/dense_cell.h"

namespace fathom::nn {
namespace {

constexpr const char* kPlace = "nn::conv_map";

struct SlopeTag;

kernel::Conv forward_conv(const kernel::ConvShape& shape, const Tensor& weight, const Tensor& bias,
                          const kernel::ConvOptions& options) {
  const Tensor W = weight.detach().contiguous(), b = bias.defined() ? bias.detach().contiguous() : Tensor();
  return {shape, W.data_ptr<float>(), b.defined() ? b.data_ptr<float>() : nullptr, options};
}

kernel::Conv adjoint_conv(const kernel::ConvShape& shape, const Tensor& weight, bool precise) {
  const auto turned = kernel::adjoint_weight(shape, weight.detach().contiguous().data_ptr<float>());
  return {shape, turned.data(), nullptr, {.precise = precise}};
}

class PackedConvCell : public tensor::PackedCell<float> {
 public:
  PackedConvCell(const Tensor& weight, const Tensor& bias, const Tensor& x, kernel::Activation act, bool precise)
      : x_(x.detach().contiguous()),
        act_(act),
        shape_{x.size(1), x.size(1), x.size(2), x.size(3), weight.size(2)},
        relu_(act == kernel::Activation::relu),
        forward_(forward_conv(shape_, weight, bias, {.relu = relu_, .adds = true, .precise = precise})),
        adjoint_(adjoint_conv(shape_, weight, precise)) {}

  std::int64_t samples() const override { return x_.size(0); }
  std::int64_t width() const override { return shape_.in * shape_.height * shape_.width; }

  void evaluate(std::span<const std::int64_t> samples, const float* y, float* g) const override {
    const auto n = static_cast<std::int64_t>(samples.size());
    arguments(samples, y, g);
    if (!relu_) kernel::activate<float>(act_, {g, static_cast<std::size_t>(n * width())}, g);
  }

  void vjp(std::span<const std::int64_t> samples, const float* y, const float* g, const float* u,
           float* w) const override {
    const auto n = static_cast<std::int64_t>(samples.size());
    float* slope = kernel::scratch<float, SlopeTag>(n * width());
    const bool from_output = kernel::slope_from_output(act_);
    if (!from_output) arguments(samples, y, slope);
    kernel::activation_vjp<float>(act_, {u, static_cast<std::size_t>(n * width())}, from_output ? g : slope, slope);
    adjoint_.forward(n, slope, w);
  }

  double flops() const override { return forward_.flops(); }

 private:
  // The argument of act, or with relu act of it.
  void arguments(std::span<const std::int64_t> samples, const float* y, float* g) const {
    forward_.forward(static_cast<std::int64_t>(samples.size()), y, g, {x_.data_ptr<float>(), samples.data()});
  }

  Tensor x_;
  kernel::Activation act_;
  kernel::ConvShape shape_;
  bool relu_;
  kernel::Conv forward_, adjoint_;
};

void require_arguments(const Tensor& weight, const Tensor& bias, const Tensor& x) {
  const bool square = weight.dim() == 4 && weight.size(0) == weight.size(1) && weight.size(2) == weight.size(3);
  if (!square || weight.size(2) % 2 == 0) {
    base::fail(kPlace, "weight's shape = ({}) violates == (C, C, k, k) with k odd; a map keeps channels and size",
               fmt::join(weight.sizes(), ", "));
  }
  if (x.dim() != 4 || x.size(1) != weight.size(0)) {
    base::fail(kPlace, "injection's shape = ({}) violates == (B, {}, H, W); fields with the weight's channels",
               fmt::join(x.sizes(), ", "), weight.size(0));
  }
  if (bias.defined() && bias.sizes() != at::IntArrayRef({weight.size(0)})) {
    base::fail(kPlace, "bias's shape = ({}) violates == ({}); one number a channel", fmt::join(bias.sizes(), ", "),
               weight.size(0));
  }
  for (const Tensor& other : {weight, bias}) {
    if (!other.defined() || (other.scalar_type() == x.scalar_type() && other.device() == x.device())) continue;
    base::fail(kPlace, "weight's or bias's type = {} {} violates == {} {}; convert it with to()",
               c10::toString(other.scalar_type()), other.device().str(), c10::toString(x.scalar_type()),
               x.device().str());
  }
}

}  // namespace

Map conv_map(const Tensor& weight, const Tensor& bias, const Tensor& injection, kernel::Activation act, bool precise) {
  require_arguments(weight, bias, injection);
  Map map([weight, bias, injection, act](const Tensor& y, const Rows& rows) {
    const std::int64_t border = weight.size(2) / 2;
    return activate(act, at::conv2d(y, weight, bias, 1, border) + rows.of(injection));
  });
  if (injection.device().is_cpu() && injection.scalar_type() == at::kFloat && injection.numel() > 0) {
    map.packed_as<float>(std::make_shared<PackedConvCell>(weight, bias, injection, act, precise));
  }
  return map;
}

}  // namespace fathom::nn
