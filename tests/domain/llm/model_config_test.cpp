#include "fathom/domain/llm/model_config.h"

#include <cmath>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::llm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string raven_json(const std::string& width, const std::string& heads, const std::string& more = "") {
  return R"({"model_type": "huginn_raven", ")" + width + R"(": 48, ")" + heads + R"(": 4, "intermediate_size": 96,
    "padded_vocab_size": 320, "block_size": 64, "n_layers_in_prelude": 2, "n_layers_in_recurrent_block": 4,
    "n_layers_in_coda": 2, "mean_recurrence": 32, "rope_base": 50000, "norm_eps": 1e-6, "qk_bias": true,
    "tie_embeddings": true, "architectures": ["A"], "a key nobody knows": {"deep": null})" +
         more + "}";
}

ModelConfig parse(const std::string& json) { return parse_model_config(io::parse_json_scalars(json, "test")); }

std::string error_of(const std::string& json) {
  try {
    parse(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ModelConfig, ReadsBothSpellings) {
  for (const auto& [width, heads] : {std::pair{"n_embd", "n_heads"}, {"hidden_size", "num_attention_heads"}}) {
    const ModelConfig c = parse(raven_json(width, heads));
    EXPECT_EQ(c.width, 48);
    EXPECT_EQ(c.heads, 4);
    EXPECT_EQ(c.head_dim(), 12);
    EXPECT_EQ(c.recurrences, 32);
    EXPECT_TRUE(c.tied);
    EXPECT_DOUBLE_EQ(c.embedding_scale, std::sqrt(48.0));
    EXPECT_DOUBLE_EQ(c.init_std, std::sqrt(2.0 / (5 * 48)));
  }
}

TEST(ModelConfig, TakesGivenInitialValues) {
  const ModelConfig c = parse(
      raven_json("n_embd", "n_heads", R"(, "init_values": {"std": 0.25, "embed_scale": 2.5}, "eos_token_id": [7, 9])"));
  EXPECT_EQ(c.init_std, 0.25);
  EXPECT_EQ(c.embedding_scale, 2.5);
  EXPECT_THAT(c.eos, ElementsAre(7, 9));
}

TEST(ModelConfig, RefusesWhatItIsNot) {
  EXPECT_THAT(error_of(R"({"model_type": "llama"})"), HasSubstr("model_type = llama violates huginn_raven|ouro"));
  EXPECT_THAT(error_of(raven_json("n_embd", "n_heads", R"(, "num_key_value_heads": 2)")),
              HasSubstr("num_key_value_heads = 2 violates = 4 heads"));
  EXPECT_THAT(error_of(raven_json("n_embd", "n_heads", R"(, "injection_type": "add")")),
              HasSubstr("injection_type = add violates linear"));
  EXPECT_THAT(error_of(R"({"model_type": "huginn_raven"})"), HasSubstr("test: 'n_embd' is missing"));
}

TEST(ModelConfig, ReadsTheRealOne) {
  const char* data = std::getenv("FATHOM_DATA");
  if (data == nullptr) GTEST_SKIP() << "set FATHOM_DATA to the folder with huginn/config.json";
  const ModelConfig c = read_model_config(std::filesystem::path(data) / "huginn");
  EXPECT_EQ(c.width, 5280);
  EXPECT_EQ(c.heads, 55);
  EXPECT_EQ(c.head_dim(), 96);
  EXPECT_EQ(c.hidden, 17920);
  EXPECT_EQ(c.vocabulary, 65536);
  EXPECT_EQ(c.prelude, 2);
  EXPECT_EQ(c.core, 4);
  EXPECT_EQ(c.coda, 2);
  EXPECT_TRUE(c.tied && c.qk_bias && !c.adapter_bias);
  EXPECT_DOUBLE_EQ(c.init_std, 0.008703882797784892);
  EXPECT_DOUBLE_EQ(c.embedding_scale, 72.6636084983398);
  EXPECT_THAT(c.eos, ElementsAre(65505));
}

}  // namespace
}  // namespace fathom::llm
