#include "fathom/nn/packed_drunet.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linalg_norm.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::nn {
namespace {

using testing::HasSubstr;

constexpr double kUnit = std::numeric_limits<float>::epsilon() / 2;

Drunet network_of(const DrunetOptions& options) {
  torch::manual_seed(5);
  Drunet network(options);
  network.eval();
  return network;
}

const DrunetOptions kNarrow{.channels = 3, .widths = {16, 16, 32, 32}, .blocks = 1};
const DrunetOptions kOdd{.channels = 1, .widths = {5, 7, 9, 12}, .blocks = 2};

// A value in float64 with a bound of how far (in the 2-norm) the packed network's may be from it.
struct Bounded {
  Tensor value;
  double error = 0;
};

// The network walked in float64. A convolution passes an error on by its norm: it maps patches by the matrix of its
// weight, and a number of x is in 9 patches, or in one of the 2x2 convolutions. It adds its own rounding: 64 u of the
// largest sum of magnitudes in every number of the field, Winograd's bound of kernel/conv.h.
class Walk {
 public:
  explicit Walk(const Drunet& network) : options_(network.options()) {
    for (const auto& parameter : network.named_parameters())
      weights_.insert(parameter.key(), parameter.value().detach().to(at::kDouble));
  }

  Bounded unet(const Tensor& x) const {
    std::vector<Bounded> skips{conv({x, 0}, "m_head")};
    for (int scale = 1; scale <= 3; ++scale) {
      const std::string name = "m_down" + std::to_string(scale);
      skips.push_back(halve(blocks(skips.back(), name, 0), name + "." + std::to_string(options_.blocks)));
    }
    Bounded y = options_.blocks == 1 ? block(skips.back(), "m_body") : blocks(skips.back(), "m_body", 0);
    for (int scale = 3; scale >= 1; --scale) {
      const std::string name = "m_up" + std::to_string(scale);
      y = blocks(twice(plus(y, skips.back()), name + ".0"), name, 1);
      skips.pop_back();
    }
    return conv(plus(y, skips.back()), "m_tail");
  }

 private:
  // `patches`: how many a number of x is in.
  template <class Operator>
  Bounded linear(const Bounded& x, const Tensor& w, double patches, const Operator& op) const {
    const double norm = std::sqrt(patches) * at::linalg_norm(w.flatten(1), 2).item<double>();
    const Tensor y = op(x.value, w);
    const double largest = op(x.value.abs(), w.abs()).max().template item<double>();
    return {y, norm * x.error + 64 * kUnit * largest * std::sqrt(static_cast<double>(y.numel()))};
  }
  Bounded conv(const Bounded& x, const std::string& name) const {
    return linear(x, weights_[name + ".weight"], 9,
                  [](const Tensor& a, const Tensor& w) { return at::conv2d(a, w, {}, 1, 1); });
  }
  Bounded halve(const Bounded& x, const std::string& name) const {
    return linear(x, weights_[name + ".weight"], 1,
                  [](const Tensor& a, const Tensor& w) { return at::conv2d(a, w, {}, 2); });
  }
  Bounded twice(const Bounded& x, const std::string& name) const {
    return linear(x, weights_[name + ".weight"], 1,
                  [](const Tensor& a, const Tensor& w) { return at::conv_transpose2d(a, w, {}, 2); });
  }
  // The rounding of a sum is one of the terms that the convolution before it is bounded for.
  static Bounded plus(const Bounded& a, const Bounded& b) {
    const Tensor y = a.value + b.value;
    return {y, a.error + b.error + 2 * kUnit * y.norm().item<double>()};
  }
  Bounded block(const Bounded& x, const std::string& name) const {
    Bounded hidden = conv(x, name + ".res.0");
    hidden.value = at::relu(hidden.value);
    return plus(x, conv(hidden, name + ".res.2"));
  }
  Bounded blocks(Bounded x, const std::string& name, std::int64_t first) const {
    for (std::int64_t i = 0; i < options_.blocks; ++i) x = block(x, name + "." + std::to_string(first + i));
    return x;
  }

  DrunetOptions options_;
  torch::OrderedDict<std::string, Tensor> weights_;
};

void expect_packed(const DrunetOptions& options, std::int64_t height, std::int64_t width, bool precise) {
  SCOPED_TRACE(testing::Message() << height << " x " << width << " precise " << precise);
  const at::NoGradGuard no_grad;
  const Drunet network = network_of(options);
  const Tensor x = at::rand({2, options.channels, height, width}), sigma = at::tensor({0.02f, 0.1f});
  const PackedDrunet packed(network, height, width, {.precise = precise});
  const Tensor level = sigma.reshape({-1, 1, 1, 1}).expand({2, 1, height, width});
  const Bounded want = Walk(network).unet(at::cat({x, level}, 1).to(at::kDouble));
  const double error = (packed(x, sigma).to(at::kDouble) - want.value).norm().item<double>();
  EXPECT_LE(error, want.error);
  EXPECT_LT(want.error, 0.02 * want.value.norm().item<double>()) << "a bound that shows nothing";
}

TEST(PackedDrunet, IsTheNetworkWithinTheBoundOfItsRounding) {
  for (const bool precise : {true, false}) {
    expect_packed(kNarrow, 32, 48, precise);
    expect_packed(kOdd, 40, 32, precise);
  }
}

TEST(PackedDrunet, PreciseUsesNoWinograd) {
  const Drunet network = network_of(kNarrow);
  EXPECT_FALSE(PackedDrunet(network, 32, 32, {.precise = true}).winograd());
}

// 2-norm of a difference beside the network's, over that of the values.
double apart(const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

// Winograd's 64 u at some 30 layers whose errors add up, against libtorch's own order of sums.
constexpr double kRounding = 30 * 64 * kUnit;

TEST(PackedDrunet, TakesEverySizeAsTheNetworkDoes) {
  const at::NoGradGuard no_grad;
  const Drunet network = network_of(kOdd);
  for (const auto& [height, width] : {std::pair{32, 32}, {31, 40}, {7, 9}, {33, 70}, {65, 71}, {130, 64}, {100, 129}}) {
    SCOPED_TRACE(testing::Message() << height << " x " << width);
    const Tensor x = at::rand({1, 1, height, width});
    EXPECT_LE(apart(PackedDrunet(network, height, width)(x, 0.05), network.forward(x, 0.05)), kRounding);
  }
}

TEST(PackedDrunet, AnImageHasTheSameBitsInEveryBatch) {
  const Drunet network = network_of(kNarrow);
  const PackedDrunet packed(network, 48, 40);
  const Tensor x = at::rand({3, 3, 48, 40}), sigma = at::tensor({0.01f, 0.03f, 0.1f});
  const Tensor y = packed(x, sigma);
  EXPECT_TRUE(at::equal(packed(x.flip(0), sigma.flip(0)), y.flip(0)));
  for (std::int64_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(packed(x.narrow(0, i, 1), sigma[i]), y.narrow(0, i, 1)));
}

TEST(PackedDrunet, APixelSeesNoFartherThanTheOverlap) {
  const at::NoGradGuard no_grad;
  const Drunet network = network_of(kNarrow);
  const std::int64_t reach = PackedDrunet::overlap(kNarrow), side = 2 * reach + 24, middle = reach + 11;
  const Tensor x = at::rand({1, 3, side, side}, at::kDouble), other = x.clone();
  other[0][1][middle][middle] += 1;
  Drunet exact = network_of(kNarrow);
  exact.to(at::kDouble);
  const Tensor change = (exact.forward(x, 0.1) - exact.forward(other, 0.1)).abs().amax({0, 1});
  const Tensor rows = std::get<0>(change.max(1));
  EXPECT_GT(rows[middle + reach / 2].item<double>(), 0);
  EXPECT_EQ(rows.narrow(0, 0, middle - reach).max().item<double>(), 0);
  EXPECT_EQ(rows.narrow(0, middle + reach + 1, side - middle - reach - 1).max().item<double>(), 0);
}

TEST(PackedDrunet, TilesGiveTheAnswerOfTheWholeImage) {
  const Drunet network = network_of(kNarrow);
  const std::int64_t reach = PackedDrunet::overlap(kNarrow), tile = 2 * reach + 32;
  const std::int64_t height = tile + 40, width = 2 * tile;
  const PackedDrunet whole(network, height, width), tiled(network, height, width, {.tile = tile});
  EXPECT_EQ(whole.windows(), 1);
  EXPECT_GE(tiled.windows(), 6);
  const auto workspace = [&](std::int64_t side) {
    return PackedDrunet(network, height, width, {.precise = true, .tile = side}).workspace_bytes();
  };
  EXPECT_LT(workspace(tile), workspace(0) / 2);
  const Tensor x = at::rand({1, 3, height, width});
  EXPECT_LE(apart(tiled(x, 0.05), whole(x, 0.05)), kRounding);
  const Tensor small = at::rand({1, 3, 40, 48});
  EXPECT_EQ(PackedDrunet(network, 40, 48, {.tile = tile}).windows(), 1);
}

template <class Call>
void expect_error(const char* text, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(PackedDrunet, SaysWhatDoesNotFit) {
  Drunet network = network_of(kNarrow);
  const PackedDrunet packed(network, 32, 40);
  expect_error("[nn::PackedDrunet] x = Float (1, 3, 40, 32) violates (N, 3, 32, 40) float32", [&] {
    packed(at::rand({1, 3, 40, 32}), 0.1);
  });
  expect_error("x = Double", [&] { packed(at::rand({1, 3, 32, 40}, at::kDouble), 0.1); });
  expect_error("sigma's shape = (2) violates () or (1)", [&] {
    packed(at::rand({1, 3, 32, 40}), at::tensor({0.1f, 0.2f}));
  });
  expect_error("height = 0 violates >= 1", [&] { PackedDrunet(network, 0, 40); });
  expect_error("tile = 64 violates a multiple of 8 above 128", [&] { PackedDrunet(network, 32, 40, {.tile = 64}); });
  network.to(at::kDouble);
  expect_error("weights = Double on cpu violates float32", [&] { PackedDrunet(network, 32, 40); });
}

}  // namespace
}  // namespace fathom::nn
