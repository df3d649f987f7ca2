#include "fathom/nn/spectral_cell.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/channel_affine.h"
#include "fathom/kernel/scratch.h"
#include "fathom/kernel/spectral.h"
#include "fathom/nn/dense_cell.h"
#include "fathom/tensor/spectral_op.h"

namespace fathom::nn {
namespace {

constexpr std::int64_t kSamples = 4;  // that share one pass over the spectral weights

struct SlopeTag;

template <class T>
class PackedSpectralCell : public tensor::PackedCell<T> {
 public:
  PackedSpectralCell(const SpectralCell& cell, kernel::Activation act, const Tensor& x)
      : x_(x.detach().contiguous()),
        weight_(cell.weight.detach().flatten(1).clone()),
        weight_transposed_(weight_.t().contiguous()),
        bias_(cell.bias.detach().clone()),
        act_(act),
        conv_({x.size(1), x.size(1), x.size(2), x.size(3), cell.weights1.size(2), cell.weights1.size(3)},
              cell.weights1.detach().contiguous().template data_ptr<T>(),
              cell.weights2.detach().contiguous().template data_ptr<T>()) {}

  std::int64_t samples() const override { return x_.size(0); }
  std::int64_t width() const override { return channels() * pixels(); }

  void evaluate(std::span<const std::int64_t> samples, const T* y, T* g) const override {
    for_groups(samples,
               [&](std::span<const std::int64_t> group, std::int64_t at) { arguments(group, y + at, g + at, act_); });
  }

  void vjp(std::span<const std::int64_t> samples, const T* y, const T* g, const T* u, T* w) const override {
    for_groups(samples, [&](std::span<const std::int64_t> group, std::int64_t at) {
      const auto rows = static_cast<std::int64_t>(group.size()), size = rows * width();
      T* slope = kernel::scratch<T, SlopeTag>(kSamples * width());
      const bool from_output = kernel::slope_from_output(act_);
      if (!from_output) arguments(group, y + at, slope, kernel::Activation::identity);
      kernel::activation_vjp<T>(act_, {u + at, static_cast<std::size_t>(size)}, from_output ? g + at : slope, slope);
      conv_.vjp(rows, slope, w + at);
      const kernel::ChannelAffine<T> back{channels(), channels(), weight_transposed_.template data_ptr<T>(), nullptr};
      for (std::int64_t i = 0; i < rows; ++i) {
        T* to = w + at + i * width();
        kernel::channel_affine<T>(back, pixels(), slope + i * width(), to, nullptr, to);
      }
    });
  }

  double flops() const override {
    return conv_.flops() + 2 * static_cast<double>(channels()) * static_cast<double>(width());
  }

 private:
  std::int64_t channels() const { return x_.size(1); }
  std::int64_t pixels() const { return x_.size(2) * x_.size(3); }

  // act of G's argument for a few samples.
  void arguments(std::span<const std::int64_t> group, const T* y, T* g, kernel::Activation act) const {
    conv_.forward(static_cast<std::int64_t>(group.size()), y, g);
    const kernel::ChannelAffine<T> affine{channels(), channels(), weight_.template data_ptr<T>(),
                                          bias_.template data_ptr<T>(), act};
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i) * width();
      const T* injected = x_.template data_ptr<T>() + group[i] * width();
      kernel::channel_affine(affine, pixels(), y + row, g + row, injected, g + row);
    }
  }

  // work(samples of a group, where its rows begin)
  template <class Work>
  void for_groups(std::span<const std::int64_t> samples, const Work& work) const {
    const auto n = static_cast<std::int64_t>(samples.size()), groups = (n + kSamples - 1) / kSamples;
#pragma omp parallel for schedule(static) if (groups > 1)
    for (std::int64_t k = 0; k < groups; ++k) {
      const std::int64_t first = k * kSamples;
      work(samples.subspan(first, std::min(kSamples, n - first)), first * width());
    }
  }

  Tensor x_, weight_, weight_transposed_, bias_;
  kernel::Activation act_;
  kernel::SpectralConv<T> conv_;
};

Tensor scaled_normals(std::vector<std::int64_t> shape, double size) { return at::randn(shape) * size; }

}  // namespace

SpectralCell::SpectralCell(const SpectralCellOptions& options) : act_(options.act) {
  const std::int64_t c = options.channels;
  const double size = options.gain / std::sqrt(static_cast<double>(c));
  const std::vector<std::int64_t> modes{c, c, options.modes_y, options.modes_x, 2};
  weights1 = register_parameter("weights1", scaled_normals(modes, size / std::sqrt(2.0)));
  weights2 = register_parameter("weights2", scaled_normals(modes, size / std::sqrt(2.0)));
  weight = register_parameter("weight", scaled_normals({c, c, 1, 1}, size));
  bias = register_parameter("bias", at::zeros({c}));
}

Map SpectralCell::map(const Tensor& x) const {
  if (x.dim() != 4 || x.size(1) != weight.size(0)) {
    base::fail("nn::SpectralCell", "x's shape = ({}) violates == (B, {}, H, W); fields with the cell's channels",
               fmt::join(x.sizes(), ", "), weight.size(0));
  }
  const Tensor w1 = at::view_as_complex(weights1), w2 = at::view_as_complex(weights2);
  Map map([w1, w2, V = weight, b = bias, x, act = act_](const Tensor& y, const Rows& rows) {
    return activate(act, tensor::spectral_conv2d(y, w1, w2) + at::conv2d(y, V, b) + rows.of(x));
  });
  const bool same_type = x.scalar_type() == weight.scalar_type();
  if (!x.device().is_cpu() || !same_type || 2 * weights1.size(2) > x.size(2)) return map;
  if (x.scalar_type() == at::kFloat) map.packed_as<float>(std::make_shared<PackedSpectralCell<float>>(*this, act_, x));
  if (x.scalar_type() == at::kDouble) {
    map.packed_as<double>(std::make_shared<PackedSpectralCell<double>>(*this, act_, x));
  }
  return map;
}

State SpectralCell::start(const Tensor& x) const { return at::zeros_like(x.detach()); }

}  // namespace fathom::nn
