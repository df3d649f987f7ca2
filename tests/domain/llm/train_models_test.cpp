// Training of looped models: the depths that are drawn, the weights it begins from, gradients, runs that are stopped
// and go on, the folder that comes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/llm/checkpoint_folder.h"
#include "fathom/domain/llm/depth_sampler.h"
#include "fathom/domain/llm/initial_weights.h"
#include "fathom/domain/llm/run.h"
#include "fathom/domain/llm/run_files.h"
#include "fathom/domain/llm/windows.h"
#include "fathom/io/tokenizer.h"
#include "fathom/tensor/device.h"
#include "tests/domain/llm/golden.h"
#include "tests/domain/llm/tiny_study.h"

namespace fathom::llm {
namespace {

namespace fs = std::filesystem;

// E p = r + 1 and Var p = r + r^2 (exp(sigma^2) - 1). Of n = 20,000 draws the mean deviates by less than
// 5 sqrt(Var / n) but once in a million; the variance of a heavy tail is known to a few per cent (its own deviation is
// about 2%).
TEST(DepthSampler, HasTheMomentsOfItsDistribution) {
  constexpr int kDraws = 20000;
  for (const std::int64_t mean : {4, 32}) {
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const Depth depth = sample_depth(mean, 8, 5, static_cast<std::uint64_t>(i));
      const auto p = static_cast<double>(depth.without_gradient + depth.with_gradient);
      ASSERT_GE(p, 1);
      ASSERT_EQ(depth.with_gradient, std::min(8.0, p));
      sum += p;
      squares += p * p;
    }
    const auto r = static_cast<double>(mean);
    const double variance = r + r * r * (std::exp(kDepthSigma * kDepthSigma) - 1);
    EXPECT_NEAR(sum / kDraws, r + 1, 5 * std::sqrt(variance / kDraws)) << mean;
    EXPECT_NEAR(squares / kDraws - std::pow(sum / kDraws, 2), variance, 0.1 * variance) << mean;
  }
}

// Var = E exactly for a Poisson number; the parts of a large rate must not change that.
TEST(DepthSampler, LargeRatesKeepTheirMean) {
  constexpr int kDraws = 2000;
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Depth depth = sample_depth(500, 1, 9, static_cast<std::uint64_t>(i));
    sum += static_cast<double>(depth.without_gradient + depth.with_gradient);
  }
  const double variance = 500 + 500.0 * 500 * (std::exp(kDepthSigma * kDepthSigma) - 1);
  EXPECT_NEAR(sum / kDraws, 501, 5 * std::sqrt(variance / kDraws));
}

TEST(DepthSampler, RefusesDepthsWithoutAGradient) {
  EXPECT_THROW(sample_depth(0, 1, 0, 0), Error);
  EXPECT_THROW(sample_depth(4, 0, 0, 0), Error);
}

TEST(InitialWeights, HaveTheirDeviationsAndFollowFromTheSeed) {
  const ModelSpec spec = models_of(tiny_config("")).front();
  Raven model(spec.config), same(spec.config), other(spec.config);
  load(model, initial_weights(model.config(), 3));
  load(same, initial_weights(same.config(), 3));
  load(other, initial_weights(other.config(), 4));
  const double inner = spec.config.init_std;
  const double outer = inner / std::sqrt(2.0 * (1 + 2 * 4 + 1));
  // The deviation of normal numbers cut at three deviations is 0.9866 of theirs; n of them know it to 1 / sqrt(2 n).
  const auto expect_deviation = [](const Tensor& weight, double deviation) {
    const double margin = 5 * deviation / std::sqrt(2.0 * static_cast<double>(weight.numel()));
    EXPECT_NEAR(weight.std().item<double>(), 0.9866 * deviation, margin);
    EXPECT_LE(weight.abs().max().item<double>(), 3 * deviation * (1 + 1e-6));
  };
  const auto weights = model.named_parameters();
  expect_deviation(weights["transformer.wte.weight"], inner);
  expect_deviation(weights["transformer.core_block.1.attn.proj.weight"], outer);
  expect_deviation(weights["transformer.core_block.0.mlp.fc.weight"].narrow(0, 0, 64), inner);
  expect_deviation(weights["transformer.core_block.0.mlp.fc.weight"].narrow(0, 64, 64), outer);
  EXPECT_EQ(weights["transformer.ln_f.weight"].min().item<float>(), 1);
  EXPECT_EQ(weights["transformer.coda.0.attn.qk_bias"].abs().max().item<float>(), 0);
  for (const auto& item : weights) EXPECT_TRUE(at::equal(item.value(), same.named_parameters()[item.key()]));
  EXPECT_FALSE(at::equal(weights["transformer.wte.weight"], other.named_parameters()["transformer.wte.weight"]));
}

// The gradients that tests/golden/llm holds of the reference implementation, from the loss that training minimises.
TEST(GoldenTraining, LossHasTheReferenceGradients) {
  for (const GoldenModel& g : golden_models()) {
    g.model->zero_grad();
    const Tensor value = training_loss(*g.model, {g.at("input_ids"), g.at("labels")}, g.start(), {4, 2});
    EXPECT_NEAR(value.item<double>(), g.at("loss_nograd4_grad2").item<double>(), kLogits);
    value.backward();
    const auto gradients = g.model->named_parameters();
    for (const auto& [name, norm] : g.about.at("grad_norms_loss_nograd4_grad2").items()) {
      ASSERT_TRUE(gradients.contains(name)) << name;
      EXPECT_NEAR(gradients[name].grad().norm().item<double>(), norm.get<double>(), 1e-4 * norm.get<double>()) << name;
    }
    g.model->zero_grad();
  }
}

TEST(Windows, LabelsAreTheBytesAndIdsTheOnesBefore) {
  const Windows windows = windows_of("abcdefg\xff", {0, 4}, 4);
  EXPECT_EQ(tensor::to_doubles(windows.ids), (std::vector<double>{256, 'a', 'b', 'c', 256, 'e', 'f', 'g'}));
  EXPECT_EQ(tensor::to_doubles(windows.labels), (std::vector<double>{'a', 'b', 'c', 'd', 'e', 'f', 'g', 255}));
}

TEST(Windows, PositionLossesAverageToTheLoss) {
  tensor::seed(1);
  const Tensor logits = at::randn({2, 5, 7}), labels = tensor::from_int64s({0, 1, 2, 3, 4, 5, 6, 0, 1, 2}, {2, 5});
  const Tensor each = position_losses(logits, labels);
  ASSERT_EQ(each.sizes(), at::IntArrayRef({2, 5}));
  EXPECT_NEAR(each.mean().item<double>(), loss(logits, labels).item<double>(), 1e-6);
}

class LlmTraining : public TinyStudy {};

TEST_F(LlmTraining, LossFallsAndTheRunIsDeterministic) {
  const Config config = tiny_config(text());
  for (const char* name : {"a", "b"}) ASSERT_TRUE(train_models(config, run(name), make_corpus(config, run(name))));
  const TrainingCard card = load_card(RunFiles(run("a").folder).model("looped", 3));
  EXPECT_EQ(card.steps, config.train.steps);
  ASSERT_EQ(card.loss.size(), static_cast<std::size_t>(config.train.steps));
  EXPECT_NEAR(card.loss.front(), std::log(257.0), 0.5) << "knows nothing yet";
  EXPECT_LT(card.train_loss, 2.5) << "\"the cat sat\" has fewer than twelve letters";
  for (const char* model : {"looped", "feed-forward"}) {
    const auto file = [&](const char* name) {
      return base::read_file(RunFiles(run(name).folder).model(model, 3) / "model.safetensors");
    };
    EXPECT_EQ(file("a"), file("b")) << model;
  }
}

TEST_F(LlmTraining, ResumedRunEqualsAnUninterruptedOne) {
  Config config = tiny_config(text());
  config.rivals.train = false;
  config.train.schedule = "constant";  // whose steps do not depend on how many there will be
  const Corpus corpus = make_corpus(config, run("whole"));
  ASSERT_TRUE(train_models(config, run("whole"), corpus));

  llm::Run parts = run("parts");
  std::atomic<bool> stop = true;
  parts.stop = &stop;
  EXPECT_FALSE(train_models(config, parts, corpus)) << "interrupted before its first step";
  stop = false;
  parts.resume = true;
  Config half = config;
  half.train.steps = config.train.steps / 2;
  ASSERT_TRUE(train_models(half, parts, corpus));
  const fs::path folder = RunFiles(parts.folder).model("looped", 3);
  fs::remove_all(folder);
  ASSERT_TRUE(train_models(config, parts, corpus));

  EXPECT_EQ(load_card(folder).steps, config.train.steps);
  const auto resumed = load_raven(folder), straight = load_raven(RunFiles(run("whole").folder).model("looped", 3));
  for (const auto& item : straight->named_parameters())
    EXPECT_TRUE(at::equal(item.value(), resumed->named_parameters()[item.key()])) << item.key();
}

TEST_F(LlmTraining, FolderIsACheckpointThatTheLoadersTake) {
  const ModelSpec spec = models_of(tiny_config("")).front();
  Raven model(spec.config);
  load(model, initial_weights(model.config(), 1));
  const fs::path folder = run("checkpoint").folder;
  save_checkpoint_folder(folder, model, at::kBFloat16, {{"name", "looped"}});
  const ModelConfig back = read_model_config(folder);
  EXPECT_EQ(to_json(back, at::kBFloat16), base::read_file(folder / "config.json"));
  EXPECT_EQ(back.vocabulary, 257);
  EXPECT_EQ(back.backprop_depth, 2);
  EXPECT_TRUE(back.tied && back.qk_bias && !back.adapter_bias);
  EXPECT_NEAR(back.init_std, spec.config.init_std, 1e-15);
  const auto loaded = load_raven(folder);
  for (const auto& item : model.named_parameters()) {
    const Tensor rounded = item.value().to(at::kBFloat16).to(at::kFloat);
    EXPECT_TRUE(at::equal(loaded->named_parameters()[item.key()], rounded)) << item.key();
  }
}

TEST(ByteTokenizer, GivesEveryByteItsOwnId) {
  const io::Tokenizer tokenizer = io::Tokenizer::parse(byte_tokenizer_json(), "the byte tokenizer");
  std::string text = "\"quoted\\\" \t\r\n\x01 caf\xc3\xa9 \xf0\x9f\x99\x82";
  std::vector<std::int64_t> wanted = {kBeginOfText};
  for (const char c : text) wanted.push_back(static_cast<unsigned char>(c));
  EXPECT_EQ(tokenizer.encode(text), wanted);
  EXPECT_EQ(tokenizer.decode(wanted, {.skip_special = true}), text);
  EXPECT_EQ(tokenizer.largest_id(), kBeginOfText);
  for (int byte = 0; byte < 256; ++byte)
    EXPECT_EQ(tokenizer.bytes_of(byte), std::string(1, static_cast<char>(byte))) << byte;
}

}  // namespace
}  // namespace fathom::llm
