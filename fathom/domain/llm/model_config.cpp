#include "fathom/domain/llm/model_config.h"

#include <cmath>
#include <initializer_list>

#include "fathom/base/error.h"

namespace fathom::llm {

namespace {

constexpr const char* kPlace = "llm::parse_model_config";

// The first of two spellings that the file has.
std::string spelled(const io::JsonScalars& json, const std::string& name, const std::string& other) {
  return json.has(name) || !json.has(other) ? name : other;
}

template <class Value, class Read>
Value or_else(const io::JsonScalars& json, const std::string& name, Value otherwise, const Read& read) {
  return json.has(name) ? static_cast<Value>(read(name)) : otherwise;
}

double number_or(const io::JsonScalars& json, const std::string& name, double otherwise) {
  return json.has(name) ? json.number(name) : otherwise;
}

bool flag_or(const io::JsonScalars& json, const std::string& name, bool otherwise) {
  return json.has(name) ? json.flag(name) : otherwise;
}

void require_text(const io::JsonScalars& json, const std::string& name, const std::string& wanted) {
  if (!json.has(name)) return;
  base::require(json.text(name) == wanted, kPlace, name, json.text(name), wanted, "other variants are not known here");
}

// eos_token_id: a number or a list.
std::vector<std::int64_t> eos_of(const io::JsonScalars& json) {
  std::vector<std::int64_t> ids;
  if (json.has("eos_token_id")) ids.push_back(json.integer("eos_token_id"));
  for (int i = 0; json.has("eos_token_id." + std::to_string(i)); ++i)
    ids.push_back(json.integer("eos_token_id." + std::to_string(i)));
  return ids;
}

ModelConfig common(const io::JsonScalars& json) {
  ModelConfig c;
  c.width = json.integer(spelled(json, "n_embd", "hidden_size"));
  c.heads = json.integer(spelled(json, "n_heads", "num_attention_heads"));
  c.hidden = json.integer("intermediate_size");
  c.vocabulary = json.integer(spelled(json, "padded_vocab_size", "vocab_size"));
  c.context = json.integer(spelled(json, "block_size", "max_position_embeddings"));
  c.rope_base = json.number(spelled(json, "rope_base", "rope_theta"));
  c.norm_eps = json.number(spelled(json, "norm_eps", "rms_norm_eps"));
  c.tied = flag_or(json, spelled(json, "tie_embeddings", "tie_word_embeddings"), false);
  c.eos = eos_of(json);
  const std::int64_t kv_heads = or_else(json, "num_key_value_heads", c.heads, [&](auto& n) { return json.integer(n); });
  base::require(kv_heads == c.heads, kPlace, "num_key_value_heads", kv_heads, fmt::format("= {} heads", c.heads),
                "grouped queries are not part of these models");
  return c;
}

void check(const ModelConfig& c) {
  const auto at_least = [](const char* name, std::int64_t value, std::int64_t least) {
    base::require(value >= least, kPlace, name, value, fmt::format(">= {}", least), "see config.json");
  };
  at_least("width", c.width, 1);
  at_least("heads", c.heads, 1);
  at_least("intermediate_size", c.hidden, 1);
  at_least("vocab_size", c.vocabulary, 1);
  at_least("block_size", c.context, 1);
  at_least("prelude layers", c.prelude, 0);
  at_least("core layers", c.core, 1);
  at_least("coda layers", c.coda, 0);
  at_least("recurrences", c.recurrences, 1);
  base::require(c.width % c.heads == 0 && c.head_dim() % 2 == 0, kPlace, "heads", c.heads,
                fmt::format("heads of an even number of channels out of {}", c.width), "see config.json");
}

ModelConfig raven(const io::JsonScalars& json) {
  require_text(json, "block_class_name", "SandwichBlock");
  require_text(json, "norm_class_name", "RMSNorm_llama");
  require_text(json, "mlp_class_name", "GatedMLP");
  require_text(json, "nonlin_name", "SiLU");
  require_text(json, "injection_type", "linear");
  ModelConfig c = common(json);
  c.prelude = json.integer("n_layers_in_prelude");
  c.core = json.integer("n_layers_in_recurrent_block");
  c.coda = json.integer("n_layers_in_coda");
  c.recurrences = json.integer("mean_recurrence");
  c.backprop_depth = or_else(json, "mean_backprop_depth", std::int64_t{8}, [&](auto& n) { return json.integer(n); });
  c.qk_bias = flag_or(json, "qk_bias", false);
  c.adapter_bias = flag_or(json, "bias", false);
  const double width = static_cast<double>(c.width);
  c.embedding_scale = number_or(json, "init_values.embed_scale", std::sqrt(width));
  c.init_std = number_or(json, "init_values.std", std::sqrt(2 / (5 * width)));
  return c;
}

ModelConfig ouro(const io::JsonScalars& json) {
  ModelConfig c = common(json);
  c.architecture = Architecture::ouro;
  c.core = json.integer(spelled(json, "num_hidden_layers", "n_layers"));
  c.recurrences = json.integer("total_ut_steps");
  c.exit_threshold = number_or(json, "early_exit_threshold", 1);
  return c;
}

}  // namespace

ModelConfig parse_model_config(const io::JsonScalars& json) {
  const std::string type = json.text("model_type");
  base::require(type == "huginn_raven" || type == "ouro", kPlace, "model_type", type, "huginn_raven|ouro",
                "these are the looped models that Fathom runs");
  const ModelConfig config = type == "ouro" ? ouro(json) : raven(json);
  check(config);
  return config;
}

ModelConfig read_model_config(const std::filesystem::path& folder) {
  return parse_model_config(io::read_json_scalars(folder / "config.json"));
}

}  // namespace fathom::llm
