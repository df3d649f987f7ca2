// The shape of a looped language model, as its config.json gives it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "fathom/io/json_scalars.h"

namespace fathom::llm {

enum class Architecture { raven, ouro };

struct ModelConfig {
  Architecture architecture = Architecture::raven;
  std::int64_t width = 0;        // E
  std::int64_t heads = 0;        // H, each of E / H channels
  std::int64_t hidden = 0;       // I, of the gated MLP
  std::int64_t vocabulary = 0;   // V, rows of the embedding
  std::int64_t context = 0;      // positions that RoPE is tabulated for
  std::int64_t prelude = 0;      // P layers before the loop
  std::int64_t core = 0;         // C layers in it
  std::int64_t coda = 0;         // D layers after it
  std::int64_t recurrences = 0;  // the mean in training: what runs unless told otherwise
  std::int64_t backprop_depth = 0;
  double rope_base = 0;
  double norm_eps = 0;
  double embedding_scale = 1;
  double init_std = 0;  // of weights; the initial state's is embedding_scale * init_std, before truncation at 3 std
  bool qk_bias = false;
  bool adapter_bias = false;
  bool tied = false;              // the head is the embedding
  double exit_threshold = 1;      // Ouro: the cumulated probability at which its gate stops
  std::vector<std::int64_t> eos;  // token ids that end a text

  std::int64_t head_dim() const { return width / heads; }
};

// "huginn_raven" and "ouro"; both spellings of the common keys (n_embd | hidden_size, ...); unknown keys are ignored.
// Errors (fathom::Error), naming key and origin: a key missing or of another type; a model type, norm, block, injection
// or number of key-value heads that is not this one.
ModelConfig parse_model_config(const io::JsonScalars& json);
ModelConfig read_model_config(const std::filesystem::path& folder);  // folder/config.json

}  // namespace fathom::llm
