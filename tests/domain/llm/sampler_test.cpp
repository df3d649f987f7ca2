// Sampling, exit rules and initial states on numbers small enough to check by hand.
#include "fathom/domain/llm/sampler.h"

#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/llm/exit_rule.h"
#include "fathom/domain/llm/initial_state.h"

namespace fathom::llm {
namespace {

using Ids = std::vector<std::int64_t>;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

// Logits of the probabilities .4 .3 .2 .1
const std::vector<float> kLogits4 = {std::log(.4f), std::log(.3f), std::log(.2f), std::log(.1f)};

std::vector<double> p(const SamplerOptions& options, const Ids& seen = {}) {
  return Sampler(options, 0).probabilities(kLogits4, seen);
}

auto near(double a, double b, double c, double d) {
  return ElementsAre(DoubleNear(a, 1e-6), DoubleNear(b, 1e-6), DoubleNear(c, 1e-6), DoubleNear(d, 1e-6));
}

TEST(Sampler, IsGreedyAtTemperatureZero) {
  EXPECT_EQ(Sampler({}, 1).next(kLogits4, {}), 0);
  EXPECT_EQ(argmax(std::vector<float>{1, 3, 3}), 1) << "the first of equals";
}

TEST(Sampler, TemperatureFlattensOrSharpens) {
  EXPECT_THAT(p({.temperature = 1}), near(.4, .3, .2, .1));
  const double sum = .16 + .09 + .04 + .01;
  EXPECT_THAT(p({.temperature = .5}), near(.16 / sum, .09 / sum, .04 / sum, .01 / sum));
}

TEST(Sampler, TopKKeepsTheLargest) { EXPECT_THAT(p({.temperature = 1, .top_k = 2}), near(.4 / .7, .3 / .7, 0, 0)); }

TEST(Sampler, TopPDropsTheTokenThatCrosses) {
  EXPECT_THAT(p({.temperature = 1, .top_p = .8}), near(.4 / .7, .3 / .7, 0, 0));
  EXPECT_THAT(p({.temperature = 1, .top_p = .1}), near(1, 0, 0, 0)) << "the largest always stays";
}

TEST(Sampler, MinPIsRelativeToTheLargest) {
  EXPECT_THAT(p({.temperature = 1, .min_p = .6}), near(.4 / .7, .3 / .7, 0, 0));
}

TEST(Sampler, RepetitionPenalisesASeenTokenOnce) {
  // All logits are negative: the penalty multiplies.
  const double first = .4 * .4, sum = first + .6;
  EXPECT_THAT(p({.temperature = 1, .repetition = 2}, {0, 0, 0}), near(first / sum, .3 / sum, .2 / sum, .1 / sum));
}

TEST(Sampler, DrawsWithTheProbabilitiesAndFromSeedAndPositionAlone) {
  Ids counts(4, 0), seen;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    const std::int64_t id = Sampler({.temperature = 1}, seed).next(kLogits4, seen);
    EXPECT_EQ(Sampler({.temperature = 1}, seed).next(kLogits4, seen), id);
    ++counts[id];
  }
  for (int i = 0; i < 4; ++i) {
    const double q = std::exp(kLogits4[i]);  // five deviations of a binomial
    EXPECT_NEAR(static_cast<double>(counts[i]) / 4000, q, 5 * std::sqrt(q * (1 - q) / 4000));
  }
}

TEST(ExitRule, ReadsNameAndThreshold) {
  EXPECT_EQ(parse_exit_rule("none").criterion, Criterion::none);
  const ExitRule rule = parse_exit_rule("latent-diff:0.05");
  EXPECT_EQ(rule.criterion, Criterion::latent_diff);
  EXPECT_EQ(rule.threshold, 0.05);
  EXPECT_FALSE(parse_exit_rule("kl:auto").threshold.has_value());
  for (const char* text : {"latent", "kl:", "kl:x", "kl:0.1x", "kl:-1"}) {
    try {
      parse_exit_rule(text);
      ADD_FAILURE() << text;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr("violates none|latent-diff|"));
    }
  }
}

TEST(ExitRule, LatentDifferenceIsRelativeToTheNewState) {
  ExitChecks checks(parse_exit_rule("latent-diff:0.3"));
  checks.start(std::vector<float>{0, 0}, 1, 4);
  EXPECT_FALSE(checks.check(std::vector<float>{3, 4}, {}));
  EXPECT_FALSE(checks.check(std::vector<float>{3, 0}, {}));
  EXPECT_TRUE(checks.check(std::vector<float>{4, 0}, {}));
  EXPECT_THAT(checks.values(), ElementsAre(1, 4.0 / 3, 0.25));
}

TEST(ExitRule, AZeroStartIsNoReasonToStopByCosine) {
  ExitChecks checks(parse_exit_rule("cosine"));
  checks.start(std::vector<float>{0, 0}, 1, 4);
  EXPECT_FALSE(checks.check(std::vector<float>{1, 0}, {}));
  EXPECT_TRUE(std::isnan(checks.values()[0]));
  EXPECT_TRUE(checks.check(std::vector<float>{2, 0}, {}));
}

TEST(ExitRule, DivergenceOfEqualDistributionsIsZero) {
  ExitChecks checks(parse_exit_rule("kl"));
  checks.start({}, 1, 4);
  EXPECT_FALSE(checks.check({}, kLogits4));
  double expected = 0;
  for (const float l : kLogits4) expected += .25 * (std::log(.25) - l);
  EXPECT_NEAR(checks.values()[0], expected, 1e-6);
  EXPECT_TRUE(checks.check({}, kLogits4));
  EXPECT_EQ(checks.values()[1], 0);
}

TEST(ExitRule, StabilityCountsUnchangedArgmax) {
  ExitChecks checks(parse_exit_rule("argmax-stability:2"));
  checks.start({}, 1, 4);
  const std::vector<float> other = {0, 1, 0, 0};
  for (const auto* logits : {&kLogits4, &kLogits4, &other, &other}) EXPECT_FALSE(checks.check({}, *logits));
  EXPECT_TRUE(checks.check({}, other));
  EXPECT_THAT(checks.values(), ElementsAre(0, 1, 0, 1, 2));
}

TEST(ExitRule, TheGateStopsWhereItsProbabilityIsUsed) {
  ExitChecks checks(parse_exit_rule("gate:0.7"));
  checks.start({}, 1, 4);
  EXPECT_FALSE(checks.check({}, {}, .5));
  EXPECT_TRUE(checks.check({}, {}, .5));
  EXPECT_THAT(checks.values(), ElementsAre(.5, .75));
}

TEST(ExitRule, ChecksEveryFewRecurrencesFromTheFirst) {
  const ExitRule rule{.min_steps = 4, .every = 3};
  Ids due;
  for (std::int64_t t = 0; t < 12; ++t) {
    if (rule.due(t)) due.push_back(t);
  }
  EXPECT_THAT(due, ElementsAre(4, 7, 10));
}

ModelConfig small_config() {
  ModelConfig c;
  c.width = 512;
  c.init_std = 0.03;
  c.embedding_scale = std::sqrt(512.0);
  return c;
}

TEST(InitialState, DependsOnSeedPositionAndChannelAlone) {
  const ModelConfig c = small_config();
  const InitialState state = random_state(c, 7);
  std::vector<float> whole(6 * c.width), part(2 * c.width), other(c.width);
  state(0, 6, whole.data());
  state(3, 2, part.data());
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 3 * c.width));
  random_state(c, 8)(0, 1, other.data());
  EXPECT_FALSE(std::equal(other.begin(), other.end(), whole.begin()));
}

TEST(InitialState, IsANormalNumberCutAtThreeDeviations) {
  const ModelConfig c = small_config();
  std::vector<float> x(100 * c.width);
  random_state(c, 1)(0, 100, x.data());
  const double s = c.init_std * c.embedding_scale, n = static_cast<double>(x.size());
  double sum = 0, square = 0;
  for (const float value : x) {
    ASSERT_LE(std::abs(value), 3 * s * (1 + 1e-6));
    sum += value;
    square += value * value;
  }
  // Deviation of a normal number cut at 3: 0.98658; five deviations of the mean, of the variance (kurtosis below 3).
  const double deviation = 0.98658 * s;
  EXPECT_NEAR(sum / n, 0, 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(square / n, deviation * deviation, 5 * deviation * deviation * std::sqrt(2 / n));
}

TEST(InitialState, RefusesAnotherWord) {
  try {
    initial_state("ones", small_config(), 0);
    ADD_FAILURE();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("init = ones violates zero|random|torch"));
  }
}

}  // namespace
}  // namespace fathom::llm
