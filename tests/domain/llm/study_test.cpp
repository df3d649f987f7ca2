// The study end to end on a tiny model: figures, curves, checks, adaptive exits, prompt pairs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/domain/llm/checks.h"
#include "fathom/domain/llm/exit_curves.h"
#include "fathom/domain/llm/generate.h"
#include "fathom/domain/llm/initial_weights.h"
#include "fathom/domain/llm/loop_curves.h"
#include "fathom/domain/llm/pair_study.h"
#include "fathom/domain/llm/run_files.h"
#include "fathom/domain/llm/tensor_model.h"
#include "fathom/domain/llm/checkpoint_folder.h"
#include "fathom/tensor/convert.h"
#include "tests/domain/llm/tiny_study.h"

namespace fathom::llm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kPairs =
    "index,input 1,input 2\r\n1,the cat sat.,the cat ate.\r\n2,a cat,a cat\r\n5,\"a cat, a cat\",the cat\r\n";

const base::Curve& curve(const base::StudyRecord& record, const std::string& quantity, const std::string& group) {
  for (const base::Curve& each : record.curves) {
    if (each.model == "looped" && each.quantity == quantity && each.group == group) return each;
  }
  base::fail("test::curve", "there is no {} of {}", quantity, group);
}

class LlmStudy : public TinyStudy {
 protected:
  fs::path pairs() const {
    base::write_atomically(root_ / "pairs.csv", kPairs);
    return root_ / "pairs.csv";
  }
};

TEST_F(LlmStudy, MeasuresAndRecords) {
  Config config = tiny_config(text());
  config.rivals.deep = true;
  config.study.pairs = pairs().string();
  ASSERT_TRUE(train_models(config, run("a"), make_corpus(config, run("a"))));
  const base::StudyRecord record = evaluate(config, run("a"), {});

  std::vector<std::string> names;
  for (const base::ModelResult& model : record.models) names.push_back(model.name);
  ASSERT_THAT(names, ElementsAre("looped", "feed-forward", "untied", "unigram", "bigram"));
  EXPECT_EQ(record.models[0].parameters, record.models[1].parameters) << "the rival of equal parameters";
  // Three passes of the loop more as layers of their own: 3 * 2 blocks of 4 E^2 + 3 E I weights, 4 norms, 2 biases.
  const std::int64_t block = 4 * 32 * 32 + 3 * 32 * 64 + 4 * 32 + 2 * 32;
  EXPECT_EQ(record.models[2].parameters, record.models[0].parameters + 6 * block);

  const base::Curve& loss = curve(record, "nats_per_byte", "all");
  EXPECT_EQ(loss.t.front(), 1);
  EXPECT_EQ(loss.t.back(), 16);
  EXPECT_NEAR(loss.mean[3], record.models[0].test, 1e-5) << "the table's figure is that at the trained mean, 4";
  EXPECT_LT(loss.mean[3], record.models[3].test) << "it has learned more than how often a letter occurs";
  const base::Curve& residual = curve(record, "residual", "all");
  EXPECT_EQ(residual.t, loss.t);
  EXPECT_LT(residual.mean.back(), residual.mean.front());
  for (const char* group : {"context", "byte"}) {
    for (const double ratio : curve(record, "lipschitz", group).mean) EXPECT_GT(ratio, 0) << group;
  }
  EXPECT_EQ(curve(record, "steps_by_certainty", "latent-diff:0.3").t.size(), 10u);
  EXPECT_EQ(curve(record, "loss_by_steps", "fixed").t.back(), 4);
  EXPECT_THAT(curve(record, "answer_lipschitz", "all").t, ElementsAre(1, 3));
  EXPECT_EQ(record.statistics.at("training_depth"), 4);
  EXPECT_GE(record.checks.size(), 10u);
  EXPECT_TRUE(fs::exists(root_ / "a/pairs.csv"));
}

TEST_F(LlmStudy, MissingModelIsNamed) {
  const Config config = tiny_config(text());
  try {
    evaluate(config, run("none"), {});
    FAIL() << "there is no model";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("looped-seed3"));
  }
}

// ---- adaptive exits

std::shared_ptr<Raven> untrained() {
  const auto model = std::make_shared<Raven>(models_of(tiny_config("")).front().config);
  load(*model, initial_weights(model->config(), 1));
  for (const Tensor& parameter : model->parameters()) parameter.set_requires_grad(false);
  return model;
}

Windows some_windows() { return windows_of("the quick brown fox jumps over it", {0, 9, 17}, 12); }

// Without a rule every position runs all recurrences, and reading byte by byte through the cache is reading at once.
TEST(Reading, AtFixedDepthIsTheWholeSequence) {
  const auto model = untrained();
  const Windows windows = some_windows();
  const Reading reading = read(model, windows, {}, 5, 77);
  EXPECT_THAT(reading.steps, testing::Each(5));
  // The reader's x_0 is that of the position in its window: the same for all windows.
  Tensor start = random_start(model->config(), {windows.ids.narrow(0, 0, 1), windows.labels.narrow(0, 0, 1)}, 77);
  const Tensor x0 = start.expand({3, 12, model->config().width}).contiguous();
  const std::vector<double> wanted =
      tensor::to_doubles(position_losses(model->forward(windows.ids, x0, {5, 0}), windows.labels));
  ASSERT_EQ(reading.losses.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(reading.losses[i], wanted[i], 2e-4) << i;
}

TEST(Reading, LooserThresholdsTakeFewerSteps) {
  const auto model = untrained();
  double before = 0;
  for (const double threshold : {2.0, 0.3, 1e-9}) {
    const Reading reading = read(model, some_windows(), {Criterion::latent_diff, threshold}, 12, 7);
    double sum = 0;
    for (const double steps : reading.steps) sum += steps;
    EXPECT_GT(sum, before);
    before = sum;
  }
  EXPECT_EQ(before, 3 * 12 * 12) << "no state stands still to 1e-9";
}

TEST(Reading, TenthsAreOfEqualSizeAndOrdered) {
  std::vector<double> keys;
  for (int i = 0; i < 40; ++i) keys.push_back((i * 7) % 40);
  const std::vector<int> tenth = tenths(keys);
  for (int k = 1; k <= 10; ++k) EXPECT_EQ(std::count(tenth.begin(), tenth.end(), k), 4);
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(tenth[i], 1 + static_cast<int>(keys[i]) / 4);
}

// ---- prompt pairs

TEST_F(LlmStudy, AnswersPairsAsTheyAreGeneratedAndGoesOnWhereItStopped) {
  const auto raven = untrained();
  TensorModel model(raven);
  const Speaker speaker{model, io::Tokenizer::parse(byte_tokenizer_json(), "bytes")};
  const std::vector<PromptPair> list = parse_prompt_pairs(kPairs, "pairs");
  PairOptions options{.steps = {1, 3}, .total_tokens = 40, .batch = 4, .start = random_state(raven->config(), 5)};
  const PairFiles files{root_ / "answers.csv", root_ / "answers.toml", "key"};
  const PairAnswers whole = answer_pairs(speaker, list, options);

  // One answer made by hand: greedy, 40 tokens with the prompt, the text without its first token.
  const auto ids = speaker.tokenizer.encode(list[2].second);
  const Generated alone =
      generate(model, {ids}, {.steps = 3, .start = options.start, .new_tokens = 40, .total_tokens = 40}).front();
  EXPECT_EQ(alone.ids.size(), 40u);
  EXPECT_EQ(whole.rows[2].by_steps[1].second, speaker.tokenizer.decode(alone.ids, {.skip_special = true}));
  EXPECT_EQ(whole.rows[1].by_steps[0].distance, 0) << "equal prompts, equal answers";

  PairOptions first = options;
  first.steps = {1};
  answer_pairs(speaker, list, first, files);
  const PairAnswers resumed = answer_pairs(speaker, list, options, files);
  EXPECT_EQ(resumed, whole);
  EXPECT_EQ(parse_pair_answers(base::read_file(files.answers), "answers"), whole);
  EXPECT_THAT(base::read_file(files.answers),
              testing::StartsWith("index,output1_1,output2_1,distance_1,output1_3,output2_3,distance_3\r\n1,"));

  const std::vector<double> ratios = pair_lipschitz(list, whole);
  EXPECT_EQ(pair_curve("m", list, whole).mean, ratios);
}

TEST_F(LlmStudy, PairsOfAnotherKeyAreAnsweredAnewAndInterruptionKeepsWhatWasDone) {
  const auto raven = untrained();
  TensorModel model(raven);
  const Speaker speaker{model, io::Tokenizer::parse(byte_tokenizer_json(), "bytes")};
  const std::vector<PromptPair> list = parse_prompt_pairs(kPairs, "pairs");
  const PairOptions options{.steps = {1}, .total_tokens = 24, .batch = 4};
  PairFiles files{root_ / "answers.csv", root_ / "answers.toml", "one"};
  const PairAnswers one = answer_pairs(speaker, list, options, files);
  files.key_text = "two";
  PairOptions longer = options;
  longer.total_tokens = 30;
  EXPECT_NE(answer_pairs(speaker, list, longer, files), one);

  const std::atomic<bool> stop = true;
  longer.steps = {1, 2};
  EXPECT_THROW(answer_pairs(speaker, list, longer, files, &stop), Error);
  EXPECT_THAT(parse_pair_answers(base::read_file(files.answers), "answers").steps, ElementsAre(1));
  EXPECT_THROW(answer_pairs(speaker, list, {.steps = {1}, .total_tokens = 8}), Error) << "a prompt fills the limit";
}

// ---- the model that ships

// Words of the manual it was trained on, in sentences that are not in it.
TEST(ShippedBytes, KnowsPerlsWordsAndMoreStepsHelp) {
  const fs::path folder = fs::path(FATHOM_SOURCE_DIR) / "models/bytes";
  const auto model = load_raven(folder);
  const io::Tokenizer tokenizer = io::Tokenizer::read(folder / "tokenizer.json");
  EXPECT_EQ(tokenizer.encode("a"), (std::vector<std::int64_t>{kBeginOfText, 'a'}));
  const std::string text = "(W syntax) The subroutine that you called was not the string that the module expects.";
  const Windows windows = windows_of(text, {0}, static_cast<std::int64_t>(text.size()));
  const Tensor x0 = random_start(model->config(), windows, 1);
  const double once = window_losses(*model, windows, x0, 1).front();
  const double trained = window_losses(*model, windows, x0, model->config().recurrences).front();
  EXPECT_LT(trained, once);
  EXPECT_LT(trained, 2.6) << "pairs of bytes alone cost as much on held-out text";
}

// ---- checks

TEST(LlmChecks, SayWhichClaimFails) {
  base::StudyRecord record;
  record.statistics["training_depth"] = 4;
  record.models = {{.name = "looped", .kind = "implicit", .metric = "nats_per_byte", .test = 1.4},
                   {.name = "feed-forward", .kind = "explicit", .metric = "nats_per_byte", .test = 1.3}};
  record.curves = {{"looped", "nats_per_byte", "all", {1, 2, 4, 8, 16}, {2, 1.5, 1.4, 1.41, 1.5}, {}, {}}};
  append_checks(record);
  std::vector<std::string> failed;
  for (const base::Check& check : record.checks) {
    if (!check.ok) failed.push_back(check.name);
  }
  EXPECT_EQ(record.checks.size(), 5u);
  ASSERT_EQ(failed.size(), 2u);
  EXPECT_THAT(failed[0], HasSubstr("t = 16 (4 x trained mean)"));
  EXPECT_THAT(failed[1], HasSubstr("below that of feed-forward"));
}

}  // namespace
}  // namespace fathom::llm
