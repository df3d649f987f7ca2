#include "fathom/nn/drunet.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/replication_pad2d.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::nn {

class DrunetPart : public torch::nn::Module {
 public:
  virtual Tensor forward(const Tensor& x) const = 0;
};

namespace {

constexpr const char* kPlace = "nn::Drunet";
constexpr double kGain = 0.2;
constexpr std::int64_t kScales = 4, kMultiple = 8, kLeast = 32, kPadded = 16, kQuadrant = 64;

// The first index of the weight against all others: rows or columns, whichever are fewer, are orthogonal.
Tensor orthogonal(const std::vector<std::int64_t>& shape) {
  const Tensor a = at::randn(shape).flatten(1);
  const bool wide = a.size(0) < a.size(1);
  const auto [q, r] = at::linalg_qr(wide ? a.t() : a);
  const Tensor unique = q * r.diagonal().sign();
  return (kGain * (wide ? unique.t() : unique)).contiguous().view(shape);
}

class Conv : public DrunetPart {
 public:
  Conv(std::int64_t in, std::int64_t out, std::int64_t side, std::int64_t stride, std::int64_t padding)
      : stride_(stride), padding_(padding) {
    weight_ = register_parameter("weight", orthogonal({out, in, side, side}));
  }
  Tensor forward(const Tensor& x) const override { return at::conv2d(x, weight_, {}, stride_, padding_); }

 private:
  Tensor weight_;
  std::int64_t stride_, padding_;
};

class Upscale : public DrunetPart {
 public:
  Upscale(std::int64_t in, std::int64_t out) { weight_ = register_parameter("weight", orthogonal({in, out, 2, 2})); }
  Tensor forward(const Tensor& x) const override { return at::conv_transpose2d(x, weight_, {}, 2); }

 private:
  Tensor weight_;
};

std::shared_ptr<DrunetPart> conv3(std::int64_t in, std::int64_t out) {
  return std::make_shared<Conv>(in, out, 3, 1, 1);
}
std::shared_ptr<DrunetPart> downscale(std::int64_t in, std::int64_t out) {
  return std::make_shared<Conv>(in, out, 2, 2, 0);
}

// conv(relu(conv x)) under the names 0 and 2.
class Branch : public DrunetPart {
 public:
  explicit Branch(std::int64_t width) {
    first_ = register_module("0", conv3(width, width));
    second_ = register_module("2", conv3(width, width));
  }
  Tensor forward(const Tensor& x) const override { return second_->forward(at::relu(first_->forward(x))); }

 private:
  std::shared_ptr<DrunetPart> first_, second_;
};

class Residual : public DrunetPart {
 public:
  explicit Residual(std::int64_t width) { res_ = register_module("res", std::make_shared<Branch>(width)); }
  Tensor forward(const Tensor& x) const override { return x + res_->forward(x); }

 private:
  std::shared_ptr<DrunetPart> res_;
};

class Chain : public DrunetPart {
 public:
  void add(std::shared_ptr<DrunetPart> part) {
    parts_.push_back(register_module(std::to_string(parts_.size()), std::move(part)));
  }
  void add_blocks(std::int64_t count, std::int64_t width) {
    for (std::int64_t i = 0; i < count; ++i) add(std::make_shared<Residual>(width));
  }
  Tensor forward(const Tensor& x) const override {
    Tensor y = x;
    for (const auto& part : parts_) y = part->forward(y);
    return y;
  }

 private:
  std::vector<std::shared_ptr<DrunetPart>> parts_;
};

void check_options(const DrunetOptions& options) {
  if (options.channels < 1) base::fail(kPlace, "channels = {} violates >= 1; 3 for colour images", options.channels);
  if (options.blocks < 1) base::fail(kPlace, "blocks = {} violates >= 1; residual blocks a place", options.blocks);
  if (options.widths.size() != kScales || *std::min_element(options.widths.begin(), options.widths.end()) < 1) {
    base::fail(kPlace, "widths = [{}] violates four numbers >= 1; channels of the four scales, finest first",
               fmt::join(options.widths, ", "));
  }
}

std::int64_t padding_to(std::int64_t size, std::int64_t multiple) { return (multiple - size % multiple) % multiple; }

// Side of the quadrants of an image's side: at least half of it, a multiple of kQuadrant.
std::int64_t quadrant(std::int64_t side) { return (side / 2 / kQuadrant + 1) * kQuadrant; }

}  // namespace

std::int64_t parameter_count(const DrunetOptions& options) {
  check_options(options);
  const auto& n = options.widths;
  std::int64_t count = 9 * n[0] * (2 * options.channels + 1) + 2 * options.blocks * 9 * n[3] * n[3];
  for (std::size_t i = 0; i + 1 < kScales; ++i)
    count += 2 * (2 * options.blocks * 9 * n[i] * n[i] + 4 * n[i] * n[i + 1]);
  return count;
}

Drunet::Drunet(const DrunetOptions& options) : options_(options) {
  check_options(options);
  const auto& n = options.widths;
  head_ = register_module("m_head", conv3(options.channels + 1, n[0]));
  for (std::size_t i = 0; i + 1 < kScales; ++i) {
    const auto down = std::make_shared<Chain>();
    down->add_blocks(options.blocks, n[i]);
    down->add(downscale(n[i], n[i + 1]));
    down_.push_back(register_module(fmt::format("m_down{}", i + 1), down));
  }
  std::shared_ptr<DrunetPart> body = std::make_shared<Residual>(n[3]);
  if (options.blocks > 1) {  // a chain of one block has the block's own name in the original
    const auto chain = std::make_shared<Chain>();
    chain->add_blocks(options.blocks, n[3]);
    body = chain;
  }
  body_ = register_module("m_body", body);
  for (std::size_t i = kScales - 1; i > 0; --i) {
    const auto up = std::make_shared<Chain>();
    up->add(std::make_shared<Upscale>(n[i], n[i - 1]));
    up->add_blocks(options.blocks, n[i - 1]);
    up_.push_back(register_module(fmt::format("m_up{}", i), up));
  }
  tail_ = register_module("m_tail", conv3(n[0], options.channels));
}

Tensor Drunet::unet(const Tensor& x) const {
  std::vector<Tensor> skips = {head_->forward(x)};
  for (const auto& down : down_) skips.push_back(down->forward(skips.back()));
  Tensor y = body_->forward(skips.back());
  for (const auto& up : up_) {
    y = up->forward(y + skips.back());
    skips.pop_back();
  }
  return tail_->forward(y + skips.back());
}

Tensor Drunet::padded(const Tensor& x) const {
  const std::int64_t H = x.size(2), W = x.size(3);
  const Tensor larger = at::replication_pad2d(x, {0, padding_to(W, kPadded), 0, padding_to(H, kPadded)});
  return unet(larger).narrow(2, 0, H).narrow(3, 0, W);
}

Tensor Drunet::by_quadrants(const Tensor& x) const {
  const std::int64_t H = x.size(2), W = x.size(3), h = quadrant(H), w = quadrant(W);
  const auto quarter = [&](bool lower, bool right) {
    const Tensor y = unet(x.narrow(2, lower ? H - h : 0, h).narrow(3, right ? W - w : 0, w));
    const std::int64_t rows = lower ? H - H / 2 : H / 2, columns = right ? W - W / 2 : W / 2;
    return y.narrow(2, lower ? h - rows : 0, rows).narrow(3, right ? w - columns : 0, columns);
  };
  return at::cat({at::cat({quarter(false, false), quarter(false, true)}, 3),
                  at::cat({quarter(true, false), quarter(true, true)}, 3)},
                 2);
}

Tensor Drunet::forward(const Tensor& x, const Tensor& sigma) const {
  if (x.dim() != 4 || x.size(1) != options_.channels || x.numel() == 0) {
    base::fail(kPlace, "x's shape = ({}) violates == (N, {}, H, W); images with the network's channels",
               fmt::join(x.sizes(), ", "), options_.channels);
  }
  if (sigma.dim() > 1 || (sigma.dim() == 1 && sigma.size(0) != x.size(0))) {
    base::fail(kPlace, "sigma's shape = ({}) violates () or ({}); one noise level, or one of each image",
               fmt::join(sigma.sizes(), ", "), x.size(0));
  }
  const std::int64_t N = x.size(0), H = x.size(2), W = x.size(3);
  const Tensor level = sigma.to(x.options()).reshape({-1, 1, 1, 1}).expand({N, 1, H, W});
  const Tensor input = at::cat({x, level}, 1);
  if (H % kMultiple == 0 && W % kMultiple == 0 && H >= kLeast && W >= kLeast) return unet(input);
  if (is_training() || H < kQuadrant || W < kQuadrant) return padded(input);
  return by_quadrants(input);
}

Tensor Drunet::forward(const Tensor& x, double sigma) const { return forward(x, at::full({}, sigma, x.options())); }

}  // namespace fathom::nn
