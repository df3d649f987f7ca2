#include "fathom/domain/llm/open_model.h"

#include "fathom/base/error.h"
#include "fathom/domain/llm/ouro.h"
#include "fathom/domain/llm/packed_ouro.h"
#include "fathom/domain/llm/packed_raven.h"
#include "fathom/domain/llm/tensor_model.h"

namespace fathom::llm {

namespace {

[[noreturn]] void unknown_dtype(std::string_view dtype, std::string_view allowed) {
  throw UsageError(
      fmt::format("[llm::open_model] dtype = {} violates {}; bf16 is what the model was trained in", dtype, allowed));
}

kernel::WeightFormat format_of(std::string_view dtype) {
  if (dtype == "fp32") return kernel::WeightFormat::f32;
  if (dtype == "bf16") return kernel::WeightFormat::bf16;
  if (dtype == "int8") return kernel::WeightFormat::int8;
  if (dtype == "int4") return kernel::WeightFormat::int4;
  unknown_dtype(dtype, "fp32|bf16|int8|int4");
}

std::unique_ptr<LoopedModel> on_tensors(const ModelConfig& config, const Weights& weights, std::string_view dtype,
                                        c10::Device device) {
  if (dtype != "fp32" && dtype != "bf16") unknown_dtype(dtype, "fp32|bf16 on this device");
  auto module = make_module(config, weights);
  module->to(device, dtype == "fp32" ? at::kFloat : at::kBFloat16);
  return std::make_unique<TensorModel>(module);
}

}  // namespace

std::unique_ptr<LoopedModel> open_model(const ModelConfig& config, const Weights& weights, std::string_view dtype,
                                        c10::Device device) {
  if (!device.is_cpu()) return on_tensors(config, weights, dtype, device);
  const kernel::WeightFormat format = format_of(dtype);
  if (config.architecture == Architecture::ouro)
    return std::make_unique<PackedOuro>(config, fused_ouro(weights), format);
  return std::make_unique<PackedRaven>(config, weights, format);
}

std::unique_ptr<LoopedModel> open_model(const std::filesystem::path& folder, std::string_view dtype,
                                        c10::Device device) {
  return open_model(read_model_config(folder), read_weights(folder), dtype, device);
}

}  // namespace fathom::llm
