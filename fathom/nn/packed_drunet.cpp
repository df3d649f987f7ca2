#include "fathom/nn/packed_drunet.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/replication_pad2d.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/conv_net.h"

namespace fathom::nn {
namespace {

constexpr const char* kPlace = "nn::PackedDrunet";
// As in drunet.cpp: sizes that are taken as they are, and how the others are.
constexpr std::int64_t kMultiple = 8, kLeast = 32, kPadded = 16, kQuadrant = 64;

using kernel::ConvLayer;

std::int64_t up_to_multiple(std::int64_t size, std::int64_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

// The layers of a network in the order of its computation.
class Layers {
 public:
  explicit Layers(const Drunet& network) {
    for (const auto& parameter : network.named_parameters()) weights_[parameter.key()] = checked(parameter.value());
    const DrunetOptions& options = network.options();
    std::vector<std::int64_t> skips{add(ConvLayer::Kind::same, 0, "m_head")};
    for (int scale = 1; scale <= 3; ++scale) {
      const std::string name = fmt::format("m_down{}", scale);
      const std::int64_t fine = blocks(skips.back(), name, 0, options.blocks);
      skips.push_back(add(ConvLayer::Kind::halving, fine, fmt::format("{}.{}", name, options.blocks)));
    }
    std::int64_t value = options.blocks == 1 ? block(skips.back(), "m_body", {skips.back()})
                                             : blocks(skips.back(), "m_body", 0, options.blocks, {skips.back()});
    for (int scale = 3; scale >= 1; --scale) {
      skips.pop_back();
      const std::string name = fmt::format("m_up{}", scale);
      const std::int64_t up = add(ConvLayer::Kind::doubling, value, name + ".0");
      value = blocks(up, name, 1, options.blocks, {skips.back()});
    }
    add(ConvLayer::Kind::same, value, "m_tail");
  }

  const std::vector<ConvLayer>& all() const { return layers_; }

 private:
  static Tensor checked(const Tensor& weight) {
    if (weight.scalar_type() != at::kFloat || !weight.device().is_cpu()) {
      base::fail(kPlace, "weights = {} on {} violates float32 on cpu; convert the network with to()",
                 c10::toString(weight.scalar_type()), weight.device().str());
    }
    return weight.detach().contiguous();
  }

  std::int64_t add(ConvLayer::Kind kind, std::int64_t from, const std::string& name,
                   std::vector<std::int64_t> plus = {}, bool relu = false) {
    const Tensor& weight = weights_.at(name + ".weight");
    const std::int64_t out = weight.size(kind == ConvLayer::Kind::doubling ? 1 : 0);
    layers_.push_back({kind, from, out, weight.size(2), weight.data_ptr<float>(), std::move(plus), relu});
    return static_cast<std::int64_t>(layers_.size());
  }

  // x + conv(relu(conv x)) + the values in `also`.
  std::int64_t block(std::int64_t x, const std::string& name, std::vector<std::int64_t> also = {}) {
    also.insert(also.begin(), x);
    const std::int64_t hidden = add(ConvLayer::Kind::same, x, name + ".res.0", {}, true);
    return add(ConvLayer::Kind::same, hidden, name + ".res.2", std::move(also));
  }

  std::int64_t blocks(std::int64_t x, const std::string& name, std::int64_t first, std::int64_t count,
                      const std::vector<std::int64_t>& also = {}) {
    for (std::int64_t i = 0; i < count; ++i) {
      x = block(x, fmt::format("{}.{}", name, first + i), i + 1 == count ? also : std::vector<std::int64_t>());
    }
    return x;
  }

  std::map<std::string, Tensor> weights_;
  std::vector<ConvLayer> layers_;
};

}  // namespace

// Along a path down and up again with `blocks` blocks of two 3x3 convolutions at each place: 1 + 1 from head and tail,
// 2 . 2 blocks 2^s at the scales s = 0, 1, 2, 2 blocks . 8 at the coarsest; the 2x2 convolutions tie a pixel to its
// aligned square of 8 at most, once on the way down and once up.
std::int64_t PackedDrunet::overlap(const DrunetOptions& options) {
  return up_to_multiple(2 + 44 * options.blocks + 2 * (kMultiple - 1), kMultiple);
}

PackedDrunet::PackedDrunet(const Drunet& network, std::int64_t height, std::int64_t width,
                           const PackedDrunetOptions& options)
    : network_(network.options()), height_(height), width_(width) {
  base::require(height >= 1, kPlace, "height", height, ">= 1", "an image has rows");
  base::require(width >= 1, kPlace, "width", width, ">= 1", "an image has columns");
  plan_windows(options);
  net_ = std::make_unique<const kernel::ConvNet>(
      kernel::ConvNetShape{network_.channels + 1, window_height_, window_width_}, Layers(network).all(),
      options.precise);
}
PackedDrunet::~PackedDrunet() = default;
PackedDrunet::PackedDrunet(PackedDrunet&&) noexcept = default;
PackedDrunet& PackedDrunet::operator=(PackedDrunet&&) noexcept = default;

double PackedDrunet::flops() const { return static_cast<double>(windows()) * net_->flops(); }
std::int64_t PackedDrunet::weight_bytes() const { return net_->weight_bytes(); }
bool PackedDrunet::winograd() const { return net_->winograd() > 0; }

std::int64_t PackedDrunet::workspace_bytes() const {
  return net_->workspace() * static_cast<std::int64_t>(sizeof(float));
}

// Two windows whose side is a multiple of kQuadrant, each of which gives its half.
std::vector<PackedDrunet::Span> PackedDrunet::quadrant_spans(std::int64_t side) {
  const std::int64_t window = (side / 2 / kQuadrant + 1) * kQuadrant, upper = side / 2, lower = side - upper;
  return {{0, 0, upper}, {side - window, window - lower, lower}};
}

// Windows of `tile` that begin at multiples of 8, each of which gives what lies `overlap` away from its inner borders.
std::vector<PackedDrunet::Span> PackedDrunet::tile_spans(std::int64_t side, std::int64_t tile, std::int64_t overlap) {
  if (side <= tile) return {{0, 0, side}};
  std::vector<Span> spans;
  for (std::int64_t done = 0; done < side;) {
    const std::int64_t begin = std::min(std::max<std::int64_t>(0, done - overlap), side - tile);
    const std::int64_t end = begin + tile == side ? side : begin + tile - overlap;
    spans.push_back({begin, done - begin, end - done});
    done = end;
  }
  return spans;
}

void PackedDrunet::cross(const std::vector<Span>& rows, const std::vector<Span>& columns) {
  for (const Span& row : rows) {
    for (const Span& column : columns) {
      windows_.push_back({row.begin, column.begin, row.first, column.first, row.length, column.length});
    }
  }
}

void PackedDrunet::plan_windows(const PackedDrunetOptions& options) {
  const std::int64_t reach = overlap(network_);
  if (options.tile != 0 && (options.tile % kMultiple != 0 || options.tile <= 2 * reach)) {
    base::fail(kPlace, "tile = {} violates a multiple of {} above {}; 0 takes the whole image", options.tile, kMultiple,
               2 * reach);
  }
  const bool fits = height_ % kMultiple == 0 && width_ % kMultiple == 0 && height_ >= kLeast && width_ >= kLeast;
  const bool padded = !fits && (height_ < kQuadrant || width_ < kQuadrant);
  padded_height_ = padded ? up_to_multiple(height_, kPadded) : height_;
  padded_width_ = padded ? up_to_multiple(width_, kPadded) : width_;
  window_height_ = padded_height_;
  window_width_ = padded_width_;
  if (!fits && !padded) {
    window_height_ = (height_ / 2 / kQuadrant + 1) * kQuadrant;
    window_width_ = (width_ / 2 / kQuadrant + 1) * kQuadrant;
    return cross(quadrant_spans(height_), quadrant_spans(width_));
  }
  if (options.tile > 0) {
    window_height_ = std::min(window_height_, options.tile);
    window_width_ = std::min(window_width_, options.tile);
  }
  cross(tile_spans(padded_height_, window_height_, reach), tile_spans(padded_width_, window_width_, reach));
}

Tensor PackedDrunet::operator()(const Tensor& x, const Tensor& sigma) const {
  if (x.dim() != 4 || x.sizes().slice(1) != at::IntArrayRef({network_.channels, height_, width_}) ||
      x.scalar_type() != at::kFloat || !x.device().is_cpu()) {
    base::fail(kPlace, "x = {} ({}) violates (N, {}, {}, {}) float32 on cpu; a packed network is made for one size",
               c10::toString(x.scalar_type()), fmt::join(x.sizes(), ", "), network_.channels, height_, width_);
  }
  const std::int64_t N = x.size(0), C = network_.channels;
  if (sigma.dim() > 1 || (sigma.dim() == 1 && sigma.size(0) != N))
    base::fail(kPlace, "sigma's shape = ({}) violates () or ({}); one noise level, or one of each image",
               fmt::join(sigma.sizes(), ", "), N);
  const at::NoGradGuard no_grad;
  const Tensor level = sigma.to(x.options()).reshape({-1, 1, 1, 1}).expand({N, 1, height_, width_});
  Tensor input = at::cat({x, level}, 1);
  if (padded_height_ != height_ || padded_width_ != width_)
    input = at::replication_pad2d(input, {0, padded_width_ - width_, 0, padded_height_ - height_});
  const Tensor answer = at::empty({N, C, padded_height_, padded_width_}, x.options());
  const Tensor of_window = at::empty({N, C, window_height_, window_width_}, x.options());
  for (const Window& at : windows_) {
    const Tensor part = input.narrow(2, at.top, window_height_).narrow(3, at.left, window_width_).contiguous();
    net_->forward(N, part.data_ptr<float>(), of_window.data_ptr<float>());
    answer.narrow(2, at.top + at.first_row, at.rows)
        .narrow(3, at.left + at.first_column, at.columns)
        .copy_(of_window.narrow(2, at.first_row, at.rows).narrow(3, at.first_column, at.columns));
  }
  return answer.narrow(2, 0, height_).narrow(3, 0, width_).contiguous();
}

Tensor PackedDrunet::operator()(const Tensor& x, double sigma) const {
  return (*this)(x, at::full({}, sigma, x.options()));
}

}  // namespace fathom::nn
