#include "fathom/domain/pde/packed_block.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fathom/kernel/activation.h"
#include "fathom/kernel/channel_affine.h"
#include "fathom/kernel/row_algebra.h"
#include "fathom/kernel/scratch.h"
#include "fathom/kernel/spectral.h"

namespace fathom::pde {

namespace {

using kernel::Activation;

constexpr double kEps = 1e-5;
constexpr std::int64_t kFields = 4;  // of working memory

struct FieldsTag;
struct AffineTag;

template <class T>
struct PointwiseWeights {
  std::vector<T> weight, bias;

  explicit PointwiseWeights(const nn::PointwiseConv& conv) : weight(copy(conv.weight)), bias(copy(conv.bias)) {}
  static std::vector<T> copy(const Tensor& tensor) {
    const Tensor t = tensor.detach().contiguous();
    return {t.template data_ptr<T>(), t.template data_ptr<T>() + t.numel()};
  }
};

template <class T>
struct PackedLayer {
  kernel::SpectralConv<T> conv;
  PointwiseWeights<T> first, second, around;

  PackedLayer(const BasicBlock::Layer& layer, const kernel::SpectralShape& shape)
      : conv(shape, PointwiseWeights<T>::copy(layer.conv->weights1).data(),
             PointwiseWeights<T>::copy(layer.conv->weights2).data()),
        first(*layer.mlp->mlp1),
        second(*layer.mlp->mlp2),
        around(*layer.w) {}
};

// x -> scale x + shift, channel by channel, makes mean 0 and variance 1.
template <class T>
struct Normalizer {
  std::vector<T> scale, shift;
};

template <class T>
class PackedBlocks : public tensor::PackedMap<T> {
 public:
  PackedBlocks(const BlockStack& blocks, const Tensor& injected) : injected_(injected.detach().contiguous()) {
    const std::int64_t w = injected.size(1);
    for (const std::shared_ptr<BasicBlock>& block : blocks.blocks()) {
      normalize_ = block->normalized();
      for (const BasicBlock::Layer& layer : block->layers()) {
        const std::int64_t modes = layer.conv->weights1.size(2);
        layers_.emplace_back(layer, kernel::SpectralShape{w, w, injected.size(2), injected.size(3), modes, modes});
      }
    }
    ones_.assign(static_cast<std::size_t>(pixels()), T{1});
  }

  std::int64_t samples() const override { return injected_.size(0); }
  std::int64_t width() const override { return channels() * pixels(); }

  void evaluate(std::span<const std::int64_t> samples, const T* y, T* g) const override {
    const auto count = static_cast<std::int64_t>(samples.size());
#pragma omp parallel for schedule(static) if (count > 1)
    for (std::int64_t i = 0; i < count; ++i)
      evaluate_one(samples[static_cast<std::size_t>(i)], y + i * width(), g + i * width());
  }

  double flops() const override {
    double sum = 0;
    for (const PackedLayer<T>& layer : layers_)
      sum += layer.conv.flops() + 6 * static_cast<double>(channels()) * static_cast<double>(width());
    return sum;
  }

 private:
  std::int64_t channels() const { return injected_.size(1); }
  std::int64_t pixels() const { return injected_.size(2) * injected_.size(3); }

  void evaluate_one(std::int64_t sample, const T* y, T* g) const {
    T* fields = kernel::scratch<T, FieldsTag>(kFields * width());
    const T* injected = injected_.template data_ptr<T>() + sample * width();
    std::copy(y, y + width(), g);
    for (std::size_t j = 0; j < layers_.size(); ++j) {
      if (normalize_ && j % BasicBlock::kLayers == 0) apply(normalizer(g), g);
      layer(layers_[j], injected, g, fields);
    }
  }

  // z <- gelu( N(mlp(N(conv z))) + N(w z) + I )
  void layer(const PackedLayer<T>& packed, const T* injected, T* z, T* fields) const {
    T* spectral = fields;
    T* hidden = fields + width();
    T* mixed = fields + 2 * width();
    T* around = fields + 3 * width();
    packed.conv.forward(1, z, spectral);
    normalize_ ? affine_of_normal(packed.first, spectral, hidden)
               : affine(packed.first, Activation::gelu, spectral, hidden);
    affine(packed.second, Activation::identity, hidden, mixed);
    affine(packed.around, Activation::identity, z, around);
    sum(normalizer_or_identity(mixed), mixed, normalizer_or_identity(around), around, injected, z);
    kernel::activate<T>(Activation::gelu, {z, static_cast<std::size_t>(width())}, z);
  }

  void affine(const PointwiseWeights<T>& weights, Activation act, const T* x, T* out) const {
    const kernel::ChannelAffine<T> map{channels(), channels(), weights.weight.data(), weights.bias.data(), act};
    kernel::channel_affine<T>(map, pixels(), x, nullptr, nullptr, out);
  }

  // gelu(W N(x) + b): the norm in the weights.
  void affine_of_normal(const PointwiseWeights<T>& weights, const T* x, T* out) const {
    const Normalizer<T> n = normalizer(x);
    const auto c = static_cast<std::size_t>(channels());
    T* folded = kernel::scratch<T, AffineTag>(channels() * (channels() + 1));
    T* bias = folded + c * c;
    for (std::size_t o = 0; o < c; ++o) {
      double b = weights.bias[o];
      for (std::size_t i = 0; i < c; ++i) {
        folded[o * c + i] = weights.weight[o * c + i] * n.scale[i];
        b += static_cast<double>(weights.weight[o * c + i]) * n.shift[i];
      }
      bias[o] = static_cast<T>(b);
    }
    const kernel::ChannelAffine<T> map{channels(), channels(), folded, bias, Activation::gelu};
    kernel::channel_affine<T>(map, pixels(), x, nullptr, nullptr, out);
  }

  Normalizer<T> normalizer_or_identity(const T* x) const {
    if (normalize_) return normalizer(x);
    const auto c = static_cast<std::size_t>(channels());
    return {std::vector<T>(c, T{1}), std::vector<T>(c, T{0})};
  }

  Normalizer<T> normalizer(const T* x) const {
    const auto c = static_cast<std::size_t>(channels());
    std::vector<double> sums(c), squares(c);
    const kernel::RowVectors<const T> rows{x, channels(), 1, pixels(), pixels()},
        ones{ones_.data(), channels(), 1, pixels(), 0};
    kernel::row_dots<T>(rows, ones, sums.data());
    kernel::row_dots<T>(rows, rows, squares.data());
    Normalizer<T> n{std::vector<T>(c), std::vector<T>(c)};
    for (std::size_t i = 0; i < c; ++i) {
      const double mean = sums[i] / static_cast<double>(pixels());
      const double variance = std::max(0.0, squares[i] / static_cast<double>(pixels()) - mean * mean);
      const double scale = 1 / std::sqrt(variance + kEps);
      n.scale[i] = static_cast<T>(scale);
      n.shift[i] = static_cast<T>(-mean * scale);
    }
    return n;
  }

  void apply(const Normalizer<T>& n, T* x) const {
    for (std::int64_t c = 0; c < channels(); ++c, x += pixels()) {
      const T scale = n.scale[static_cast<std::size_t>(c)], shift = n.shift[static_cast<std::size_t>(c)];
      for (std::int64_t p = 0; p < pixels(); ++p) x[p] = scale * x[p] + shift;
    }
  }

  void sum(const Normalizer<T>& of_a, const T* a, const Normalizer<T>& of_b, const T* b, const T* injected,
           T* to) const {
    for (std::int64_t c = 0; c < channels(); ++c) {
      const auto i = static_cast<std::size_t>(c);
      const T scale_a = of_a.scale[i], scale_b = of_b.scale[i], shift = of_a.shift[i] + of_b.shift[i];
      const std::int64_t begin = c * pixels(), end = begin + pixels();
      for (std::int64_t p = begin; p < end; ++p) to[p] = scale_a * a[p] + (scale_b * b[p] + (shift + injected[p]));
    }
  }

  Tensor injected_;
  std::vector<PackedLayer<T>> layers_;
  std::vector<T> ones_;
  bool normalize_ = true;
};

}  // namespace

template <class T>
std::shared_ptr<const tensor::PackedMap<T>> pack_blocks(const BlockStack& blocks, const Tensor& injected) {
  return std::make_shared<PackedBlocks<T>>(blocks, injected);
}

template std::shared_ptr<const tensor::PackedMap<float>> pack_blocks(const BlockStack&, const Tensor&);
template std::shared_ptr<const tensor::PackedMap<double>> pack_blocks(const BlockStack&, const Tensor&);

}  // namespace fathom::pde
