// A looped model as a folder that every reader of Huginn's checkpoints takes:
//   config.json        model type "huginn_raven" (model_config.h reads it back)
//   model.safetensors  the parameters under their names, rounded to `dtype`
//   tokenizer.json     one token a byte, and <|begin_text|> before a text, for a model of bytes (corpus.h)
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <c10/core/ScalarType.h>

#include "fathom/domain/llm/raven.h"

namespace fathom::llm {

// read_model_config gives the config back.
std::string to_json(const ModelConfig& config, at::ScalarType dtype);

std::string byte_tokenizer_json();

// Writes the three files, each atomically, the weights last: a folder with weights is whole.
void save_checkpoint_folder(const std::filesystem::path& folder, const Raven& model, at::ScalarType dtype,
                            const std::map<std::string, std::string>& metadata);

}  // namespace fathom::llm
