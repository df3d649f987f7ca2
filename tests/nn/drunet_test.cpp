#include "fathom/nn/drunet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <torch/utils.h>

#include "fathom/base/error.h"
#include "tests/support/close.h"

namespace fathom::nn {
namespace {

using testing_support::close;
using testing_support::Tol;

const DrunetOptions kSmall{.channels = 2, .widths = {4, 6, 8, 10}, .blocks = 2};

Drunet small_network() {
  torch::manual_seed(3);
  Drunet network(kSmall);
  network.eval();
  return network;
}

// A sum goes over 9 times the channels, some twenty layers deep.
const Tol kRounding = Tol::of(at::kFloat).ops(9 * 10 * 20);

TEST(Drunet, HasTheOriginalsNamesAndCounts) {
  const Drunet network = small_network();
  std::int64_t count = 0;
  std::vector<std::string> names;
  for (const auto& parameter : network.named_parameters()) {
    count += parameter.value().numel();
    names.push_back(parameter.key());
  }
  EXPECT_EQ(count, parameter_count(kSmall));
  EXPECT_EQ(parameter_count({}), 32640960);
  EXPECT_THAT(names, testing::IsSupersetOf({"m_head.weight", "m_down1.1.res.2.weight", "m_down1.2.weight",
                                            "m_body.1.res.0.weight", "m_up3.0.weight", "m_up1.2.res.2.weight",
                                            "m_tail.weight"}));
}

TEST(Drunet, StartsOrthogonalWithGainOneFifth) {
  for (const auto& parameter : small_network().named_parameters()) {
    const Tensor w = parameter.value().detach().flatten(1);
    const Tensor rows = w.size(0) <= w.size(1) ? w : w.t();
    EXPECT_TRUE(close(at::matmul(rows, rows.t()), 0.04 * at::eye(rows.size(0)), kRounding)) << parameter.key();
  }
}

TEST(Drunet, OneLevelEqualsTheSameOfEachImage) {
  const at::NoGradGuard no_grad;
  const Drunet network = small_network();
  const Tensor x = at::rand({2, 2, 32, 40});
  const Tensor answer = network.forward(x, 0.05);
  EXPECT_EQ(answer.sizes(), x.sizes());
  EXPECT_TRUE(close(network.forward(x, at::full({}, 0.05)), answer, Tol{}));
  EXPECT_TRUE(close(network.forward(x, at::full({2}, 0.05)), answer, Tol{}));
  EXPECT_FALSE(close(network.forward(x, 0.2), answer, kRounding));
}

TEST(Drunet, EveryImageIsAnsweredByItself) {
  const at::NoGradGuard no_grad;
  const Drunet network = small_network();
  const Tensor x = at::rand({2, 2, 32, 32}), sigma = at::tensor({0.01f, 0.1f});
  EXPECT_TRUE(close(network.forward(x.flip(0), sigma.flip(0)), network.forward(x, sigma).flip(0), kRounding));
}

TEST(Drunet, AllSizesGiveAnswersOfTheirSize) {
  const at::NoGradGuard no_grad;
  Drunet network = small_network();
  for (const bool training : {false, true}) {
    network.train(training);
    for (const auto& [height, width] : {std::pair{1, 7}, {31, 64}, {40, 44}, {66, 70}, {129, 130}, {64, 190}}) {
      const Tensor x = at::rand({1, 2, height, width});
      EXPECT_EQ(network.forward(x, 0.03).sizes(), x.sizes()) << height << " x " << width << " " << training;
    }
  }
}

// Far from the middle the quadrants see what the whole image would, but for its borders.
TEST(Drunet, QuadrantsGiveTheirOwnCorner) {
  const at::NoGradGuard no_grad;
  const Drunet network = small_network();
  const Tensor x = at::rand({1, 2, 68, 68});
  const Tensor answer = network.forward(x, 0.03), corner = network.forward(x.narrow(2, 4, 64).narrow(3, 0, 64), 0.03);
  EXPECT_TRUE(close(answer.narrow(2, 34, 34).narrow(3, 0, 34), corner.narrow(2, 30, 34).narrow(3, 0, 34), kRounding));
}

TEST(Drunet, RefusesWhatDoesNotFit) {
  const auto says = [](auto f, const char* words) {
    try {
      f();
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr(words));
    }
  };
  says([] { Drunet({.widths = {4, 6, 8}}); }, "widths = [4, 6, 8] violates four numbers >= 1");
  says([] { Drunet({.blocks = 0}); }, "blocks = 0 violates >= 1");
  says([] { Drunet({.channels = 0}); }, "channels = 0 violates >= 1");
  const Drunet network = small_network();
  says([&] { network.forward(at::rand({1, 3, 32, 32}), 0.03); }, "(1, 3, 32, 32)");
  says([&] { network.forward(at::rand({2, 2, 32, 32}), at::rand({3})); }, "sigma's shape = (3)");
}

}  // namespace
}  // namespace fathom::nn
