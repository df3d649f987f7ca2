// Sequences at different depths in one loop: each gets the tokens that it gets alone.
#include "fathom/domain/llm/depth_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "tests/domain/llm/looped_models.h"

namespace fathom::llm {
namespace {

using Ids = std::vector<std::int64_t>;

struct Asked {
  Ids prompt;
  GenerateOptions how;
};

// Prompts of 1 to 30 tokens, depths 1 to 12, every kind of exit rule, greedy and sampled, with all lookups.
Asked draw(base::Random& random, const ModelConfig& config) {
  constexpr const char* kExits[] = {"none", "latent-diff:0.3", "argmax-stability:2", "kl:0.05", "cosine:0.05"};
  constexpr const char* kCaches[] = {"full", "latest-m4", "always-last-m4-compress-s8", "randomized"};
  Asked asked;
  const auto length = 1 + random.below(30);
  for (std::uint64_t i = 0; i < length; ++i) asked.prompt.push_back(static_cast<std::int64_t>(random.below(200)));
  asked.how.steps = 1 + static_cast<std::int64_t>(random.below(12));
  asked.how.exit = parse_exit_rule(kExits[random.below(5)]);
  asked.how.exit_in_prefill = random.below(2) == 0;
  asked.how.prefill_chunk = static_cast<std::int64_t>(random.below(3)) * 7;
  asked.how.cache = parse_cache_strategy(kCaches[random.below(4)]);
  asked.how.warm_start = static_cast<WarmStart>(random.below(3));
  asked.how.sampler.temperature = random.below(2) == 0 ? 0 : 0.9;
  asked.how.sampler.top_k = static_cast<std::int64_t>(random.below(2)) * 20;
  asked.how.seed = random.bits();
  asked.how.start = random_state(config, asked.how.seed);
  asked.how.new_tokens = 1 + static_cast<std::int64_t>(random.below(12));
  asked.how.stop_ids = {static_cast<std::int64_t>(random.below(200))};
  asked.how.keep_values = true;
  return asked;
}

void expect_same(const Generated& ours, const Generated& alone) {
  EXPECT_EQ(ours.ids, alone.ids);
  EXPECT_EQ(ours.reason, alone.reason);
  ASSERT_EQ(ours.tokens.size(), alone.tokens.size());
  for (std::size_t i = 0; i < ours.tokens.size(); ++i) {
    EXPECT_EQ(ours.tokens[i].steps, alone.tokens[i].steps);
    EXPECT_EQ(ours.tokens[i].exited, alone.tokens[i].exited);
    EXPECT_EQ(ours.tokens[i].values, alone.tokens[i].values);  // to the last bit
  }
}

// Sequences join one after the other while others are in the middle of a token.
TEST(DepthBatch, AnyMixtureGivesToTheLastBitWhatEachSequenceGivesAlone) {
  for (const GoldenModel& g : golden_models()) {
    PackedRaven model(g.model->config(), weights_of(*g.model), kernel::WeightFormat::f32);
    base::Random random(7);
    DepthBatch batch(model, 48);
    std::map<DepthBatch::Key, Generated> ended;
    std::map<DepthBatch::Key, Asked> asked;
    std::int64_t most = 0;
    while (asked.size() < 24 || !batch.empty()) {
      if (asked.size() < 24 && random.below(3) == 0) {
        const Asked next = draw(random, model.config());
        asked[batch.add(next.prompt, next.how)] = next;
      }
      for (auto& e : batch.step()) ended[e.key] = std::move(e.text);
      most = std::max(most, batch.sequences_in_core());
    }
    EXPECT_GT(most, 4) << "the sequences must have met";
    ASSERT_EQ(ended.size(), asked.size());
    for (const auto& [key, a] : asked) {
      SCOPED_TRACE(testing::Message() << g.name << " sequence " << key);
      expect_same(ended.at(key), generate(model, {a.prompt}, a.how)[0]);
    }
  }
}

// Where products of several rows round differently from those of one, the greedy tokens are still the same.
TEST(DepthBatch, SharesAPassOnEveryKindOfModel) {
  for_every_model([](const GoldenModel& g, LoopedModel& model) {
    DepthBatch batch(model, 64);
    std::map<DepthBatch::Key, Generated> ended;
    std::vector<Asked> asked;
    for (std::int64_t k = 0; k < 4; ++k) {
      Asked next;
      next.prompt.assign(static_cast<std::size_t>(3 + 2 * k), 17 + k);
      next.how.steps = 1 + 2 * k;
      next.how.new_tokens = 6;
      batch.add(next.prompt, next.how);
      asked.push_back(next);
    }
    while (!batch.empty()) {
      for (auto& e : batch.step()) ended[e.key] = std::move(e.text);
    }
    for (std::size_t k = 0; k < asked.size(); ++k)
      EXPECT_EQ(ended.at(k + 1).ids, generate(model, {asked[k].prompt}, asked[k].how)[0].ids) << g.name << " " << k;
  });
}

TEST(DepthBatch, ADeepSequenceDoesNotHoldAShallowOneUp) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model(g.model->config(), weights_of(*g.model), kernel::WeightFormat::f32);
  DepthBatch batch(model, 64);
  GenerateOptions deep{.steps = 64, .new_tokens = 4}, shallow{.steps = 2, .new_tokens = 4};
  batch.add({1, 2, 3}, deep);
  batch.step();
  const DepthBatch::Key quick = batch.add({4, 5}, shallow);
  int steps = 0;
  std::vector<DepthBatch::Ended> ended;
  while (ended.empty()) {
    ended = batch.step();
    ++steps;
    EXPECT_EQ(batch.sequences_in_core(), 2);
  }
  EXPECT_EQ(ended[0].key, quick);
  EXPECT_EQ(steps, 4 * 2);  // its own depth, no more
  EXPECT_EQ(batch.size(), 1);
}

TEST(DepthBatch, PromptsBeginWhileTheirRowsFit) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model(g.model->config(), weights_of(*g.model), kernel::WeightFormat::f32);
  DepthBatch batch(model, 10);
  for (int k = 0; k < 4; ++k) batch.add(Ids(6, 5), {.steps = 3, .new_tokens = 1});
  batch.add(Ids(30, 5), {.steps = 3, .new_tokens = 1});  // beyond the bound by itself: alone
  std::vector<std::int64_t> rows;
  while (!batch.empty()) {
    batch.step();
    rows.push_back(batch.rows_in_core());
  }
  EXPECT_EQ(rows, (std::vector<std::int64_t>{6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 30, 30, 30}));
}

TEST(DepthBatch, TakesSequencesOutAndRefusesWhatCannotRun) {
  const GoldenModel& g = golden_models().front();
  PackedRaven model(g.model->config(), weights_of(*g.model), kernel::WeightFormat::f32);
  const ModelConfig& config = model.config();
  DepthBatch batch(model, 64);
  const DepthBatch::Key key = batch.add({1}, {.new_tokens = 9});
  batch.step();
  batch.remove(key);
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(batch.step().empty());
  EXPECT_EQ(batch.sequences_in_core(), 0);
  EXPECT_THROW(batch.add({}, {.new_tokens = 9}), Error);
  EXPECT_THROW(batch.add({config.vocabulary}, {.new_tokens = 9}), Error);
  EXPECT_THROW(batch.add({-1}, {.new_tokens = 9}), Error);
  EXPECT_THROW(batch.add({1}, {.new_tokens = config.context}), Error);
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.add({1}, {.new_tokens = 0}), key + 1);
  for (int s = 0; s < 31; ++s) EXPECT_TRUE(batch.step().empty());
  const auto ended = batch.step();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].text.reason, StopReason::length);
  EXPECT_TRUE(ended[0].text.tokens.empty());
}

}  // namespace
}  // namespace fathom::llm
