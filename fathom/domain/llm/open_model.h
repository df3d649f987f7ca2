// A model to decode with, from a checkpoint folder or from weights: which architecture, computed how.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <c10/core/Device.h>

#include "fathom/domain/llm/looped_model.h"
#include "fathom/domain/llm/weights.h"

namespace fathom::llm {

// fp32, bf16, int8, int4   packed weights on the CPU (packed_block.h)
// On another device the tensor path: fp32, bf16.
// Errors (UsageError): another word, or int8 on another device.
std::unique_ptr<LoopedModel> open_model(const ModelConfig& config, const Weights& weights, std::string_view dtype,
                                        c10::Device device = at::kCPU);
std::unique_ptr<LoopedModel> open_model(const std::filesystem::path& folder, std::string_view dtype,
                                        c10::Device device = at::kCPU);

}  // namespace fathom::llm
