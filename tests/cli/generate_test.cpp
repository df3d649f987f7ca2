// fathom generate through the program, on a tiny model of the fixture set and a tokenizer whose tokens are the bytes.
#include <algorithm>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "tests/cli/checkpoint.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class Model : public Checkpoint {
 public:
  Outcome generate(std::vector<std::string> more, const std::string& prompt = "To be") const {
    std::vector<std::string> arguments = {"generate", "--model", "model", "--threads", "1", "--tokens", "8", prompt};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments, folder());
  }

  nlohmann::json answer(std::vector<std::string> more) const {
    more.push_back("--json");
    const Outcome outcome = generate(std::move(more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }
};

std::int64_t sum(const nlohmann::json& numbers) {
  const auto values = numbers.get<std::vector<std::int64_t>>();
  return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

TEST(GenerateCommand, StreamsTheTextThatItsRecordHolds) {
  const Model model;
  const Outcome streamed = model.generate({"--quiet"});
  EXPECT_EQ(streamed.code, 0);
  EXPECT_THAT(streamed.err, IsEmpty());
  const nlohmann::json record = model.answer({});
  EXPECT_EQ(streamed.out, record.at("text").get<std::string>() + "\n");
  EXPECT_EQ(record.at("ids").size(), 5u + 8);
  EXPECT_EQ(record.at("prompt_tokens"), 5);
  EXPECT_EQ(record.at("reason"), "length");
}

TEST(GenerateCommand, SameSeedSameTextOtherSeedOtherState) {
  const Model model;
  const nlohmann::json one = model.answer({"--seed", "1", "--steps", "2"});
  EXPECT_EQ(model.answer({"--seed", "1", "--steps", "2"}).at("ids"), one.at("ids"));
  EXPECT_NE(model.answer({"--seed", "2", "--steps", "2"}).at("ids"), one.at("ids"));
}

TEST(GenerateCommand, ExitsEarlyAndSaysSo) {
  const Model model;
  const nlohmann::json all = model.answer({"--steps", "24", "--init", "zero"});
  const nlohmann::json early =
      model.answer({"--steps", "24", "--init", "zero", "--exit", "latent-diff:0.2", "--cache", "latest-m4"});
  EXPECT_EQ(sum(all.at("steps")), 24 * 8);
  EXPECT_LT(sum(early.at("steps")), 24 * 8);
  const Outcome shown =
      model.generate({"--steps", "24", "--init", "zero", "--exit", "latent-diff:0.2", "--show-steps", "--quiet"});
  EXPECT_EQ(std::count(shown.out.begin(), shown.out.end(), '\n'), 8);
  EXPECT_THAT(shown.out, HasSubstr(" early "));
}

TEST(GenerateCommand, DraftsChangeNoToken) {
  const Model model;
  const std::vector<std::string> plain = {"--steps", "8", "--init", "zero", "--dtype", "fp32"};
  std::vector<std::string> drafted = plain;
  drafted.insert(drafted.end(), {"--draft-steps", "3", "--lookahead", "3"});
  EXPECT_EQ(model.answer(drafted).at("ids"), model.answer(plain).at("ids"));
}

TEST(GenerateCommand, RunsInEveryFormatAndEndsAtAStopText) {
  const Model model;
  for (const char* dtype : {"fp32", "bf16", "int8"}) EXPECT_EQ(model.answer({"--dtype", dtype}).at("steps").size(), 8u);
  const std::string text = model.answer({"--init", "zero"}).at("text");
  ASSERT_GE(text.size(), 4u);
  const nlohmann::json stopped = model.answer({"--init", "zero", "--stop", text.substr(2, 1)});
  EXPECT_EQ(stopped.at("reason"), "stop text");
  EXPECT_LT(stopped.at("text").get<std::string>().size(), text.size());
}

TEST(GenerateCommand, RefusesMisuseBeforeAnythingIsLoaded) {
  const Model model;
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& text) {
    const Outcome outcome = run_program(arguments, model.folder());
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  };
  refused({"generate", "--model", "model"}, "generate: prompt is needed");
  refused({"generate", "--model", "absent", "text"}, "generate: --model: no file at absent/config.json");
  refused({"generate", "--model", "model", "text", "--dtype", "int2"}, "fp32|bf16|int8|int4");
  refused({"generate", "--model", "model", "text", "--exit", "soon"}, "exit = soon violates");
  refused({"generate", "--model", "model", "text", "--cache", "newest"}, "cache = newest violates");
}

TEST(GenerateCommand, WithoutAModelUsesTheOneThatShips) {
  const Scratch folder;
  const Outcome outcome = run_program(
      {"generate", "The file ", "--tokens", "24", "--init", "zero", "--threads", "1", "--json"}, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("steps").size(), 24);
}

}  // namespace
}  // namespace fathom::cli
