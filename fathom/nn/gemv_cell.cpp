#include "fathom/nn/gemv_cell.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/scratch.h"
#include "fathom/nn/dense_cell.h"

namespace fathom::nn {
namespace {

struct SlopeTag;

class PackedGemvCell : public tensor::PackedCell<float> {
 public:
  PackedGemvCell(std::shared_ptr<const kernel::Gemv> weights, const Tensor& injection)
      : weights_(std::move(weights)), injection_(injection.detach().contiguous()) {}

  std::int64_t samples() const override { return injection_.size(0); }
  std::int64_t width() const override { return weights_->outputs(); }

  void evaluate(std::span<const std::int64_t> samples, const float* y, float* g) const override {
    weights_->evaluate(static_cast<std::int64_t>(samples.size()), y, g, addend(samples));
  }

  void vjp(std::span<const std::int64_t> samples, const float* y, const float* g, const float* u,
           float* w) const override {
    const kernel::Activation act = weights_->activation();
    const auto rows = static_cast<std::int64_t>(samples.size());
    float* slope = kernel::scratch<float, SlopeTag>(rows * width());
    const bool from_output = kernel::slope_from_output(act);
    if (!from_output) weights_->argument(rows, y, slope, addend(samples));
    kernel::activation_vjp<float>(act, {u, static_cast<std::size_t>(rows * width())}, from_output ? g : slope, slope);
    weights_->vjp(rows, slope, w);
  }

  double flops() const override { return 2 * static_cast<double>(width()) * static_cast<double>(width()); }

 private:
  kernel::GemvAddend addend(std::span<const std::int64_t> samples) const {
    return {injection_.data_ptr<float>(), samples.data()};
  }

  std::shared_ptr<const kernel::Gemv> weights_;
  Tensor injection_;
};

// W and b as the tensors that the packed weights stand for, made when they are first asked for.
class Unpacked {
 public:
  explicit Unpacked(std::shared_ptr<const kernel::Gemv> weights) : packed_(std::move(weights)) {}

  Tensor argument(const Tensor& y) {
    std::call_once(once_, [this] { unpack(); });
    return at::linear(y, weight_, bias_);
  }
  kernel::Activation activation() const { return packed_->activation(); }

 private:
  void unpack() {
    const std::int64_t outputs = packed_->outputs(), inputs = packed_->inputs();
    weight_ = at::empty({outputs, inputs}, at::kFloat);
    auto* to = weight_.data_ptr<float>();
    for (std::int64_t o = 0; o < outputs; ++o) {
      for (std::int64_t k = 0; k < inputs; ++k) *to++ = packed_->weight(o, k);
    }
    if (packed_->bias() == nullptr) return;
    bias_ = at::empty({outputs}, at::kFloat);
    std::copy_n(packed_->bias(), outputs, bias_.data_ptr<float>());
  }

  std::shared_ptr<const kernel::Gemv> packed_;
  std::once_flag once_;
  Tensor weight_, bias_;
};

void require_plain(const char* place, const char* name, const Tensor& x, at::IntArrayRef shape) {
  if (x.sizes() != shape) {
    base::fail(place, "{}'s shape = ({}) violates == ({}); a map takes a state to one of its own width", name,
               fmt::join(x.sizes(), ", "), fmt::join(shape, ", "));
  }
  if (x.scalar_type() != at::kFloat || !x.device().is_cpu()) {
    base::fail(place, "{}'s type = {} {} violates == Float cpu; convert it with to()", name,
               c10::toString(x.scalar_type()), x.device().str());
  }
}

}  // namespace

std::shared_ptr<const kernel::Gemv> short_weights(const Tensor& weight, const Tensor& bias, kernel::WeightFormat format,
                                                  kernel::Activation act) {
  const std::int64_t size = weight.dim() > 0 ? weight.size(0) : 0;
  require_plain("nn::short_weights", "weight", weight, {size, size});
  if (bias.defined()) require_plain("nn::short_weights", "bias", bias, {size});
  const Tensor W = weight.detach().contiguous(), b = bias.defined() ? bias.detach().contiguous() : Tensor();
  return std::make_shared<const kernel::Gemv>(format, W.data_ptr<float>(), size, size,
                                              b.defined() ? b.data_ptr<float>() : nullptr, act);
}

Map gemv_map(std::shared_ptr<const kernel::Gemv> weights, const Tensor& injection) {
  base::require(weights->inputs() == weights->outputs(), "nn::gemv_map", "the weights' inputs", weights->inputs(),
                fmt::format("== outputs = {}", weights->outputs()), "a map takes a state to one of its own width");
  require_plain("nn::gemv_map", "injection", injection,
                {injection.dim() > 0 ? injection.size(0) : 0, weights->outputs()});
  Map map([unpacked = std::make_shared<Unpacked>(weights), injection](const Tensor& y, const Rows& rows) {
    return activate(unpacked->activation(), unpacked->argument(y) + rows.of(injection));
  });
  map.packed_as<float>(std::make_shared<PackedGemvCell>(std::move(weights), injection));
  return map;
}

}  // namespace fathom::nn
