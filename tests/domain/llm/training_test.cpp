// What a training run of a Raven begins with: initial weights and sampled depths.
#include <cmath>

#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include "fathom/domain/llm/depth.h"
#include "fathom/domain/llm/initial_weights.h"
#include "tests/domain/llm/golden.h"

namespace fathom::llm {
namespace {

TEST(InitialWeights, HaveTheDeviationsOfTheRecipe) {
  for (const GoldenModel& g : golden_models()) {
    const ModelConfig& c = g.model->config();
    const Weights weights = initial_weights(c, 3);
    Raven model(c);
    load(model, weights);  // every name and shape
    const auto depth = static_cast<double>(c.prelude + c.core * c.recurrences + c.coda);
    const double wide = c.init_std, small = wide / std::sqrt(2 * depth);
    const auto expect_deviation = [](const Tensor& x, double deviation) {
      // A normal number cut at three deviations has deviation 0.98658; five deviations of the estimate.
      EXPECT_NEAR(x.std().item<double>(), 0.98658 * deviation, 5 * deviation / std::sqrt(2.0 * x.numel()));
      EXPECT_LE(x.abs().max().item<double>(), 3 * deviation * (1 + 1e-6));
    };
    expect_deviation(weights.get("transformer.core_block.0.attn.Wqkv.weight"), wide);
    expect_deviation(weights.get("transformer.adapter.weight"), wide);
    expect_deviation(weights.get("transformer.core_block.0.attn.proj.weight"), small);
    const Tensor fc = weights.get("transformer.core_block.0.mlp.fc.weight");
    expect_deviation(fc.narrow(0, 0, c.hidden), wide);
    expect_deviation(fc.narrow(0, c.hidden, c.hidden), small);
    EXPECT_TRUE(at::equal(weights.get("transformer.wte.weight"), initial_weights(c, 3).get("transformer.wte.weight")));
    EXPECT_FALSE(at::equal(weights.get("transformer.wte.weight"), initial_weights(c, 4).get("transformer.wte.weight")));
  }
}

TEST(SampledDepth, HasTheMeanOfTheConfigAndKeepsTheGradientShort) {
  ModelConfig c;
  c.recurrences = 32;
  c.backprop_depth = 8;
  double sum = 0, square = 0;
  constexpr int kDraws = 4000;
  for (std::uint64_t step = 0; step < kDraws; ++step) {
    const Depth depth = sample_depth(c, 1, step);
    const auto p = static_cast<double>(depth.without_gradient + depth.with_gradient);
    ASSERT_GE(p, 1);
    ASSERT_LE(depth.with_gradient, 8);
    ASSERT_EQ(depth.without_gradient > 0 && depth.with_gradient < 8, false);
    sum += p;
    square += p * p;
  }
  const double mean = sum / kDraws, deviation = std::sqrt(square / kDraws - mean * mean);
  EXPECT_NEAR(mean, 33, 5 * deviation / std::sqrt(kDraws));
  // Var p = E rate + Var rate = 32 + 32^2 (e^(1/4) - 1)
  EXPECT_NEAR(deviation, std::sqrt(32 + 1024 * (std::exp(0.25) - 1)), 2);
  EXPECT_EQ(evaluation_depth(c).without_gradient, 32);
}

TEST(Training, AFewStepsOfATinyTwinLowerTheLoss) {
  const GoldenModel& g = golden_models().front();
  const ModelConfig& c = g.model->config();
  Raven model(c);
  load(model, initial_weights(c, 0));
  const Tensor ids = g.at("input_ids"), labels = g.at("labels");
  double first = 0, last = 0;
  for (int step = 0; step < 12; ++step) {
    model.zero_grad();
    const Tensor value = loss(model.forward(ids, g.start(), {2, 2}), labels);
    last = value.item<double>();
    if (step == 0) first = last;
    value.backward();
    const at::NoGradGuard no_grad;
    for (Tensor& p : model.parameters()) p.sub_(0.05 * p.grad() / (p.grad().norm() + 1e-8));
  }
  EXPECT_NEAR(first, std::log(static_cast<double>(c.vocabulary)), 1) << "an untrained model knows nothing";
  EXPECT_LT(last, first - 0.5);
}

}  // namespace
}  // namespace fathom::llm
