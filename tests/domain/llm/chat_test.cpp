#include "fathom/domain/llm/chat.h"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/domain/llm/stop_strings.h"
#include "fathom/io/tokenizer.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::llm {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int64_t>;

const fs::path kHuginn = fs::path(FATHOM_SOURCE_DIR) / "tests/golden/huginn";

const io::Tokenizer& huginn() {
  static const io::Tokenizer tokenizer = io::Tokenizer::read(kHuginn / "tokenizer.json");
  return tokenizer;
}

nlohmann::json vectors() {
  const char* given = std::getenv("FATHOM_TOKENIZER_VECTORS");
  return nlohmann::json::parse(base::read_file(given && *given ? fs::path(given) : kHuginn / "tokenizer_vectors.json"));
}

TEST(ChatGoldenTest, TextAndTokensAreThoseOfTheReference) {
  const nlohmann::json file = vectors();
  if (!file.contains("chat")) GTEST_SKIP() << "the vectors that FATHOM_TOKENIZER_VECTORS names hold no dialogue";
  for (const auto& dialogue : file.at("chat")) {
    std::vector<ChatMessage> messages;
    for (const auto& each : dialogue.at("messages")) messages.push_back({each.at("role"), each.at("content")});
    const bool answer = dialogue.at("add_generation_prompt");
    const std::string text = answer ? chat_prompt(messages) : chat_text(messages);
    EXPECT_EQ(text, dialogue.at("text").get<std::string>());
    EXPECT_EQ(huginn().encode(text, false), dialogue.at("ids_add_special_tokens_false").get<Ids>());
  }
}

// The dialogue that the model's authors published.
TEST(ChatGoldenTest, ThePublishedPromptIsBuiltFromItsMessages) {
  const auto golden = nlohmann::json::parse(base::read_file(kHuginn / "real_checkpoint_golden.json"));
  const auto text = golden.at("prompt_text").get<std::string>();
  const auto between = [&](const std::string& begin) {
    const auto from = text.find(begin) + begin.size();
    return text.substr(from, text.find("<|end_turn|>", from) - from);
  };
  const std::vector<ChatMessage> messages = {{"system", between("system<|end_header|>\n\n")},
                                             {"user", between("user<|end_header|>\n\n")}};
  EXPECT_EQ(chat_prompt(messages), text);
  EXPECT_EQ(huginn().encode(chat_prompt(messages), false), golden.at("prompt_ids").get<Ids>());
}

TEST(ChatTest, EndsWithTheTextAndNamesTheModel) {
  EXPECT_EQ(
      chat_text({{"user", "\u2003\x1f Hi\n"}, {"assistant", "Yes"}, {"Huginn", ""}}),
      "<|begin_text|><|begin_header|>user<|end_header|>\n\nHi<|end_turn|>"
      "<|begin_header|>Huginn<|end_header|>\n\nYes<|end_turn|><|begin_header|>Huginn<|end_header|>\n\n<|end_turn|>"
      "<|end_text|>");
  EXPECT_THROW(chat_prompt({}), Error);
}

TEST(StopStringsTest, HoldsBackWhatMayBecomeOne) {
  StopStrings stops({"<|end|>", "STOP"});
  EXPECT_EQ(stops.feed("a <"), "a ");
  EXPECT_EQ(stops.feed("|e"), "");
  EXPECT_EQ(stops.feed("x ST"), "<|ex ");
  EXPECT_EQ(stops.feed("OP more <|end|>"), "");
  EXPECT_TRUE(stops.found());
  EXPECT_EQ(stops.feed("x"), "");
  EXPECT_EQ(stops.finish(), "");
  StopStrings open({"ab"});
  EXPECT_EQ(open.feed("xa"), "x");
  EXPECT_EQ(open.finish(), "a");
  EXPECT_FALSE(open.found());
  EXPECT_THROW(StopStrings({""}), Error);
}

RC_GTEST_PROP(StopStringsProperty, WhateverThePartsTheTextBeforeTheFirstStopComesOut, ()) {
  const std::string text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', 'c'));
  StopStrings stops({"abc", "bb"});
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto count = *rc::gen::inRange<std::size_t>(1, 4);
    out += stops.feed(std::string_view(text).substr(at, count));
    at += count;
  }
  out += stops.finish();
  const std::size_t end = std::min(text.find("abc"), text.find("bb"));
  RC_ASSERT(out == text.substr(0, end));
  RC_ASSERT(stops.found() == (end != std::string::npos));
}

TEST(StopStringsTest, TokensThatEndAnAnswer) {
  EXPECT_EQ(stop_ids(huginn(), {}), (Ids{65504, 65505, 65508}));
  EXPECT_EQ(stop_ids(huginn(), {"Huginn", "<|end_turn|>"}), (Ids{72, 65504, 65505, 65508}));  // H, ug, inn
  EXPECT_EQ(stop_ids(huginn(), chat_stops()), (Ids{65504, 65505, 65508}));
}

}  // namespace
}  // namespace fathom::llm
