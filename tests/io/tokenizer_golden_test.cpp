#include "fathom/io/tokenizer.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/file.h"
#include "fathom/io/token_stream.h"
#include "fathom/io/tokenizer_config.h"

namespace fathom::io {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int64_t>;

const fs::path kGolden = fs::path(FATHOM_SOURCE_DIR) / "tests/golden";

nlohmann::json json_file(const fs::path& path) { return nlohmann::json::parse(base::read_file(path)); }

// FATHOM_TOKENIZER_VECTORS, or the copy of the source tree.
fs::path huginn_vectors() {
  const char* given = std::getenv("FATHOM_TOKENIZER_VECTORS");
  return given && *given ? fs::path(given) : kGolden / "huginn/tokenizer_vectors.json";
}

// Beside the vectors, or the copy.
fs::path huginn_file(const std::string& name) {
  const fs::path beside = huginn_vectors().parent_path() / name;
  return fs::exists(beside) ? beside : kGolden / "huginn" / name;
}

const Tokenizer& huginn() {
  static const Tokenizer tokenizer = Tokenizer::read(huginn_file("tokenizer.json"));
  return tokenizer;
}

std::string streamed(const Tokenizer& tokenizer, const Ids& ids, const DecodeOptions& options) {
  TokenStream stream(tokenizer, options);
  std::string text;
  for (const std::int64_t id : ids) text += stream.push(id);
  return text + stream.finish();
}

TEST(TokenizerGoldenTest, HuginnsVectorsAreMatchedToTheLastToken) {
  const auto vectors = json_file(huginn_vectors()).at("vectors");
  ASSERT_GT(vectors.size(), 0u);
  const DecodeOptions as_published{true, read_tokenizer_config(huginn_file("tokenizer_config.json")).clean_up};
  EXPECT_TRUE(as_published.clean_up);
  for (const auto& vector : vectors) {
    const auto text = vector.at("text").get<std::string>();
    SCOPED_TRACE(vector.at("text").dump());
    const Ids ids = vector.at("ids").get<Ids>();
    EXPECT_EQ(huginn().encode(text, false), ids);
    Ids with_bos = {huginn().id_of("<|begin_text|>").value()};
    with_bos.insert(with_bos.end(), ids.begin(), ids.end());
    EXPECT_EQ(huginn().encode(text), with_bos);
    EXPECT_EQ(huginn().decode(ids, as_published), vector.at("decoded").get<std::string>());
    EXPECT_EQ(huginn().decode(ids), vector.at("decoded_no_cleanup_keep_special").get<std::string>());
    EXPECT_EQ(streamed(huginn(), ids, as_published), vector.at("decoded").get<std::string>());
  }
}

TEST(TokenizerGoldenTest, HuginnsSpecialTokensAreWhereTheModelHasThem) {
  const TokenizerConfig config = read_tokenizer_config(kGolden / "huginn/tokenizer_config.json");
  const Tokenizer tokenizer = Tokenizer::read(kGolden / "huginn/tokenizer.json");
  EXPECT_EQ(tokenizer.id_of(config.bos), 65504);
  EXPECT_EQ(tokenizer.id_of(config.eos), 65505);
  EXPECT_EQ(tokenizer.id_of(config.pad), 65509);
  EXPECT_EQ(tokenizer.tokens(), 65536u);
  EXPECT_EQ(tokenizer.largest_id(), 65535);
  EXPECT_TRUE(tokenizer.is_special(65508));
  EXPECT_FALSE(tokenizer.is_special(301));
}

// The dialogue that the model's authors published.
TEST(TokenizerGoldenTest, ThePublishedDialogueHasItsPublishedLength) {
  const auto golden = json_file(kGolden / "huginn/real_checkpoint_golden.json");
  const Tokenizer tokenizer = Tokenizer::read(kGolden / "huginn/tokenizer.json");
  const Ids prompt = tokenizer.encode(golden.at("prompt_text").get<std::string>(), false);
  EXPECT_EQ(prompt.size(), 195u);
  EXPECT_EQ(prompt, golden.at("prompt_ids").get<Ids>());
  const auto answer = golden.at("expected_generated_text").get<std::string>();
  EXPECT_EQ(tokenizer.encode(answer, false).size(), 167u);
  EXPECT_EQ(tokenizer.decode(golden.at("expected_generated_ids").get<Ids>()), answer);
}

// Files of other families, made and encoded by the Hugging Face library (tests/golden/tokenizer/make.py).
class TokenizerFamilyGoldenTest : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerFamilyGoldenTest, GivesTheIdsAndTextsOfTheReference) {
  const fs::path folder = kGolden / "tokenizer";
  const Tokenizer tokenizer = Tokenizer::read(folder / (std::string(GetParam()) + ".json"));
  const auto vectors = json_file(folder / (std::string(GetParam()) + ".vectors.json")).at("vectors");
  ASSERT_GT(vectors.size(), 90u);
  for (const auto& vector : vectors) {
    const auto text = vector.at("text").get<std::string>();
    SCOPED_TRACE(vector.at("text").dump());
    const Ids ids = vector.at("ids").get<Ids>();
    EXPECT_EQ(tokenizer.encode(text, false), ids);
    EXPECT_EQ(tokenizer.encode(text), vector.at("ids_with_template").get<Ids>());
    EXPECT_EQ(tokenizer.decode(ids, {true, false}), vector.at("decoded_skip_special").get<std::string>());
    EXPECT_EQ(tokenizer.decode(ids), vector.at("decoded_no_cleanup_keep_special").get<std::string>());
    EXPECT_EQ(streamed(tokenizer, ids, {true, false}), vector.at("decoded_skip_special").get<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Families, TokenizerFamilyGoldenTest,
                         testing::Values("gpt2_style", "prefix_space", "llama3_style", "qwen_style", "smollm_style",
                                         "split_behaviours"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace fathom::io
