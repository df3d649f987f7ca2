// Properties of decoding on the golden models: what must not change a token does not, weights in short formats are
// exactly the rounded weights, nothing is allocated token by token, looser exits think less.
#include "fathom/domain/llm/generate.h"

#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <omp.h>

#include "fathom/domain/llm/open_model.h"
#include "fathom/domain/llm/packed_raven.h"
#include "fathom/domain/llm/speculate.h"
#include "tests/domain/llm/golden.h"
#include "tests/domain/llm/looped_models.h"
#include "tests/support/allocations.h"

namespace fathom::llm {
namespace {

using Ids = std::vector<std::int64_t>;
using kernel::WeightFormat;

// Prompts of different lengths out of the fixture's own tokens.
std::vector<Ids> prompts_of(const GoldenModel& g) {
  Ids all;
  for (const double id : tensor::to_doubles(g.at("tf_ids"))) all.push_back(static_cast<std::int64_t>(id));
  return {{all.begin(), all.begin() + 7}, {all.begin() + 2, all.begin() + 5}, {all.begin() + 3, all.end()}, {all[1]}};
}

GenerateOptions usual(const GoldenModel& g, const std::string& exit = "none") {
  GenerateOptions options{.steps = 12, .exit = parse_exit_rule(exit)};
  options.start = random_state(g.model->config(), 5);
  options.new_tokens = 10;
  return options;
}

PackedRaven packed(const GoldenModel& g, WeightFormat format) {
  return {g.model->config(), weights_of(*g.model), format};
}

void expect_same_text(const Generated& a, const Generated& b, const std::string& what) {
  EXPECT_EQ(a.ids, b.ids) << what;
  ASSERT_EQ(a.tokens.size(), b.tokens.size()) << what;
  for (std::size_t i = 0; i < a.tokens.size(); ++i) EXPECT_EQ(a.tokens[i].steps, b.tokens[i].steps) << what << i;
}

TEST(Generate, ABatchOfDifferentLengthsChangesNoToken) {
  for (const GoldenModel& g : golden_models()) {
    for (const WeightFormat format : {WeightFormat::f32, WeightFormat::bf16, WeightFormat::int8, WeightFormat::int4}) {
      PackedRaven model = packed(g, format);
      for (const char* exit : {"none", "latent-diff:0.05", "kl:0.01"}) {
        const GenerateOptions options = usual(g, exit);
        const std::vector<Ids> prompts = prompts_of(g);
        const std::vector<Generated> together = generate(model, prompts, options);
        for (std::size_t s = 0; s < prompts.size(); ++s)
          expect_same_text(together[s], generate(model, {prompts[s]}, options)[0], g.name + " " + exit);
      }
    }
  }
}

TEST(Generate, ChunkedPrefillChangesNoToken) {
  for_every_model([](const GoldenModel& g, LoopedModel& model) {
    GenerateOptions options = usual(g);
    const Ids prompt = prompts_of(g)[2];
    const Generated whole = generate(model, {prompt}, options)[0];
    for (const std::int64_t chunk : {1, 3, 5}) {
      options.prefill_chunk = chunk;
      expect_same_text(generate(model, {prompt}, options)[0], whole, g.name);
    }
  });
}

TEST(Generate, TheNumberOfThreadsChangesNoToken) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model = packed(g, WeightFormat::bf16);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const Generated one = generate(model, {prompts_of(g)[0]}, usual(g))[0];
  omp_set_num_threads(3);
  expect_same_text(generate(model, {prompts_of(g)[0]}, usual(g))[0], one, "3 threads");
  omp_set_num_threads(threads);
}

TEST(Generate, SamplingRepeatsWithItsSeed) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model = packed(g, WeightFormat::f32);
  GenerateOptions options = usual(g);
  options.sampler = {.temperature = 2};
  options.seed = 3;
  const Generated first = generate(model, {prompts_of(g)[0]}, options)[0];
  EXPECT_EQ(generate(model, {prompts_of(g)[0]}, options)[0].ids, first.ids);
  options.seed = 4;
  EXPECT_NE(generate(model, {prompts_of(g)[0]}, options)[0].ids, first.ids);
}

TEST(Generate, StopsAtTokensLimitsAndTheCallersWish) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model = packed(g, WeightFormat::f32);
  const Ids prompt = prompts_of(g)[0];
  GenerateOptions options = usual(g);
  const Generated all = generate(model, {prompt}, options)[0];
  EXPECT_EQ(all.reason, StopReason::length);
  EXPECT_EQ(all.tokens.size(), 10u);
  options.stop_ids = {all.tokens[4].id};
  const Generated stopped = generate(model, {prompt}, options)[0];
  EXPECT_EQ(stopped.reason, StopReason::stop_token);
  EXPECT_LE(stopped.tokens.size(), 5u);
  EXPECT_EQ(stopped.ids.back(), all.tokens[4].id);
  options.stop_ids.clear();
  options.total_tokens = static_cast<std::int64_t>(prompt.size()) + 2;
  EXPECT_EQ(generate(model, {prompt}, options)[0].tokens.size(), 2u) << "the prompt counts";
  options.total_tokens = 3;
  EXPECT_TRUE(generate(model, {prompt}, options)[0].tokens.empty());
  options.total_tokens = 0;
  int calls = 0;
  const Generated called =
      generate(model, {prompt}, options, [&](std::size_t, const Token&) { return ++calls < 3; })[0];
  EXPECT_EQ(called.reason, StopReason::caller);
  EXPECT_EQ(called.tokens.size(), 3u);
}

TEST(Generate, ALooserExitThinksLess) {
  for (const GoldenModel& g : golden_models()) {
    PackedRaven model = packed(g, WeightFormat::f32);
    double before = 1e9;
    for (const char* threshold : {"0", "0.01", "0.1", "0.5"}) {
      GenerateOptions options = usual(g, std::string("latent-diff:") + threshold);
      options.steps = 64;
      double steps = 0;
      for (const Generated& text : generate(model, prompts_of(g), options)) {
        for (const Token& token : text.tokens) steps += static_cast<double>(token.steps);
      }
      EXPECT_LT(steps, before) << g.name << " " << threshold;
      before = steps;
    }
  }
}

// The matrices as the packed format holds them, everything else as it is.
Weights rounded(const Weights& weights, WeightFormat format, const ModelConfig& config) {
  const auto get = [=](const std::string& name) {
    const Tensor tensor = weights.get(name).to(at::kFloat).contiguous();
    const bool adapter = name == "transformer.adapter.weight";
    if (tensor.dim() != 2) return tensor;
    Tensor copy = tensor.clone();
    // The adapter is packed in two halves, each with its own groups.
    for (std::int64_t first = 0; first < tensor.size(1); first += adapter ? config.width : tensor.size(1)) {
      const std::int64_t count = adapter ? config.width : tensor.size(1);
      const Tensor part = tensor.narrow(1, first, count).contiguous();
      const kernel::Gemv packed(format, part.data_ptr<float>(), part.size(0), count);
      for (std::int64_t o = 0; o < part.size(0); ++o) {
        for (std::int64_t k = 0; k < count; ++k)
          copy.data_ptr<float>()[o * tensor.size(1) + first + k] = packed.weight(o, k);
      }
    }
    return copy;
  };
  return {weights.has, get, weights.origin};
}

TEST(Generate, ShortFormatsAreTheRoundedWeights) {
  for (const GoldenModel& g : golden_models()) {
    const ModelConfig& config = g.model->config();
    for (const WeightFormat format : {WeightFormat::bf16, WeightFormat::int8, WeightFormat::int4}) {
      PackedRaven ours = packed(g, format);
      auto module = make_module(config, rounded(weights_of(*g.model), format, config));
      TensorModel theirs(module);
      const Ids prompt = prompts_of(g)[2];
      std::vector<std::vector<float>> logits;
      for (LoopedModel* model : {static_cast<LoopedModel*>(&ours), static_cast<LoopedModel*>(&theirs)}) {
        Cache cache = model->make_cache({{}, 4, static_cast<std::int64_t>(prompt.size())});
        std::vector<float> x0(prompt.size() * config.width);
        random_state(config, 1)(0, static_cast<std::int64_t>(prompt.size()), x0.data());
        Decoder decoder(*model);
        const Work work{&cache, 0, prompt, x0.data(), 4, true};
        const Thought& thought = decoder.run({&work, 1}, {})[0];
        logits.emplace_back(thought.logits.begin(), thought.logits.end());
      }
      ASSERT_EQ(logits[0].size(), logits[1].size());
      for (std::size_t i = 0; i < logits[0].size(); ++i) ASSERT_NEAR(logits[0][i], logits[1][i], kLogits) << g.name;
    }
  }
}

TEST(Generate, DecodingOnPackedWeightsAllocatesNothing) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model = packed(g, WeightFormat::bf16);
  const std::int64_t positions = g.at("tf_ids").size(1);
  Cache cache = model.make_cache({{}, 8, positions});
  Decoder decoder(model);
  const std::vector<float> zero(g.prompt() * model.config().width);
  const Ids ids = prompts_of(g)[0];
  const ExitRule rule = parse_exit_rule("latent-diff:0.001");
  const auto token = [&](std::int64_t position) {
    const Work work{&cache, position, std::span(ids).first(1), zero.data(), 8};
    return decoder.run({&work, 1}, rule)[0].logits[0];
  };
  token(0);
  token(1);
  EXPECT_EQ(testing_support::allocations_of([&] {
              for (std::int64_t p = 2; p < positions; ++p) token(p);
            }),
            0);
}

TEST(Generate, SpeculationWithAnyDraftDepthGivesPlainGreedyTokens) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model = packed(g, WeightFormat::f32);
  GenerateOptions options = usual(g);
  options.start = nullptr;
  const Ids prompt = prompts_of(g)[0];
  const Ids plain = generate(model, {prompt}, options)[0].ids;
  for (const std::int64_t draft : {1, 2, 6, 12}) {
    const Speculated result = speculate(model, prompt, options, {draft, 4});
    EXPECT_EQ(result.text.ids, plain) << draft;
    if (draft == options.steps) {
      EXPECT_EQ(result.accepted.front(), 4) << "a draft at full depth is right";
    }
  }
}

TEST(Generate, RefusesTokensOfAnotherModel) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model = packed(g, WeightFormat::f32);
  EXPECT_THROW(generate(model, {{1, model.config().vocabulary}}, usual(g)), Error);
  EXPECT_THROW(generate(model, {{}}, usual(g)), Error);
  EXPECT_THROW(open_model(g.folder, "int2"), UsageError);
}

TEST(Generate, ACheckpointFolderOpensAsItsModel) {
  for (const GoldenModel& g : golden_models()) {
    const auto model = open_model(g.folder, "fp32");
    PackedRaven direct = packed(g, WeightFormat::f32);
    expect_same_text(generate(*model, {prompts_of(g)[0]}, usual(g))[0],
                     generate(direct, {prompts_of(g)[0]}, usual(g))[0], g.name);
  }
}

}  // namespace
}  // namespace fathom::llm
