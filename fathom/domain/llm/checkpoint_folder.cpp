#include "fathom/domain/llm/checkpoint_folder.h"

#include <vector>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/domain/llm/corpus.h"
#include "fathom/io/byte_alphabet.h"
#include "fathom/train/tensor_file.h"

namespace fathom::llm {

namespace {

constexpr const char* kBeginText = "<|begin_text|>";

// Characters of the byte alphabet are printable, so two need an escape.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string dtype_name(at::ScalarType dtype) {
  if (dtype == at::kBFloat16) return "bfloat16";
  if (dtype == at::kFloat) return "float32";
  base::fail("llm::save_checkpoint_folder", "dtype = {} violates float32|bfloat16; choose one of these",
             c10::toString(dtype));
}

}  // namespace

std::string to_json(const ModelConfig& c, at::ScalarType dtype) {
  const auto flag = [](bool value) { return value ? "true" : "false"; };
  const std::vector<std::pair<std::string, std::string>> members = {
      {"architectures", "[\"RavenForCausalLM\"]"},
      {"model_type", "\"huginn_raven\""},
      {"torch_dtype", quoted(dtype_name(dtype))},
      {"n_embd", fmt::format("{}", c.width)},
      {"n_heads", fmt::format("{}", c.heads)},
      {"num_key_value_heads", fmt::format("{}", c.heads)},
      {"head_dim", fmt::format("{}", c.head_dim())},
      {"intermediate_size", fmt::format("{}", c.hidden)},
      {"vocab_size", fmt::format("{}", c.vocabulary)},
      {"padded_vocab_size", fmt::format("{}", c.vocabulary)},
      {"block_size", fmt::format("{}", c.context)},
      {"n_layers", fmt::format("{}", c.prelude + c.core + c.coda)},
      {"n_layers_in_prelude", fmt::format("{}", c.prelude)},
      {"n_layers_in_recurrent_block", fmt::format("{}", c.core)},
      {"n_layers_in_coda", fmt::format("{}", c.coda)},
      {"mean_recurrence", fmt::format("{}", c.recurrences)},
      {"mean_backprop_depth", fmt::format("{}", c.backprop_depth)},
      {"sampling_scheme", "\"poisson-lognormal-filling\""},
      {"rope_base", fmt::format("{}", c.rope_base)},
      {"norm_eps", fmt::format("{}", c.norm_eps)},
      {"qk_bias", flag(c.qk_bias)},
      {"bias", flag(c.adapter_bias)},
      {"tie_embeddings", flag(c.tied)},
      {"injection_type", "\"linear\""},
      {"state_init", "\"like-init\""},
      {"block_class_name", "\"SandwichBlock\""},
      {"norm_class_name", "\"RMSNorm_llama\""},
      {"mlp_class_name", "\"GatedMLP\""},
      {"nonlin_name", "\"SiLU\""},
      {"init_values", fmt::format("{{\"std\": {}, \"embed_scale\": {}}}", c.init_std, c.embedding_scale)},
      {"bos_token_id", fmt::format("{}", kBeginOfText)},
      {"eos_token_id", fmt::format("[{}]", fmt::join(c.eos, ", "))}};
  std::vector<std::string> lines;
  for (const auto& [name, value] : members) lines.push_back(fmt::format("  {}: {}", quoted(name), value));
  return fmt::format("{{\n{}\n}}\n", fmt::join(lines, ",\n"));
}

std::string byte_tokenizer_json() {
  std::vector<std::string> entries;
  for (int byte = 0; byte < 256; ++byte)
    entries.push_back(fmt::format("{}: {}", quoted(io::token_of_bytes(std::string(1, static_cast<char>(byte)))), byte));
  const std::string added = fmt::format(
      "{{\"id\": {}, \"content\": {}, \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
      "\"normalized\": false, \"special\": true}}",
      kBeginOfText, quoted(kBeginText));
  const std::string token = fmt::format("{{\"SpecialToken\": {{\"id\": {}, \"type_id\": 0}}}}", quoted(kBeginText));
  return fmt::format(
      "{{\n"
      "\"version\": \"1.0\",\n\"truncation\": null,\n\"padding\": null,\n"
      "\"added_tokens\": [{}],\n"
      "\"normalizer\": null,\n"
      "\"pre_tokenizer\": {{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true, "
      "\"use_regex\": false}},\n"
      "\"post_processor\": {{\"type\": \"TemplateProcessing\",\n"
      "  \"single\": [{}, {{\"Sequence\": {{\"id\": \"A\", \"type_id\": 0}}}}],\n"
      "  \"pair\": [{}, {{\"Sequence\": {{\"id\": \"A\", \"type_id\": 0}}}}, "
      "{{\"Sequence\": {{\"id\": \"B\", \"type_id\": 1}}}}],\n"
      "  \"special_tokens\": {{{}: {{\"id\": {}, \"ids\": [{}], \"tokens\": [{}]}}}}}},\n"
      "\"decoder\": {{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true, "
      "\"use_regex\": true}},\n"
      "\"model\": {{\"type\": \"BPE\", \"dropout\": null, \"unk_token\": null, \"continuing_subword_prefix\": null, "
      "\"end_of_word_suffix\": null, \"fuse_unk\": false, \"byte_fallback\": false,\n"
      "  \"vocab\": {{{}}},\n"
      "  \"merges\": []}}\n"
      "}}\n",
      added, token, token, quoted(kBeginText), quoted(kBeginText), kBeginOfText, quoted(kBeginText),
      fmt::join(entries, ", "));
}

void save_checkpoint_folder(const std::filesystem::path& folder, const Raven& model, at::ScalarType dtype,
                            const std::map<std::string, std::string>& metadata) {
  base::write_atomically(folder / "config.json", to_json(model.config(), dtype));
  if (model.config().vocabulary == kByteVocabulary)
    base::write_atomically(folder / "tokenizer.json", byte_tokenizer_json());
  train::NamedTensors rounded;
  for (const auto& [name, tensor] : train::named_parameters(model))
    rounded.emplace_back(name, tensor.detach().to(dtype));
  std::map<std::string, std::string> about = metadata;
  about["format"] = "pt";
  train::save_model(folder / "model.safetensors", rounded, about);
}

}  // namespace fathom::llm
