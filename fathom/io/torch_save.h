// What Python's torch.save(module.state_dict(), path) writes since torch 1.6: a zip archive with a pickle of the
// dictionary and one member of raw bytes for every storage,
//   NAME/data.pkl   NAME/data/0   NAME/data/1   ...
// Read without libtorch and without running anything: only dictionaries of tensors and parameters are understood, and
// whatever else a pickle may name is refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "fathom/io/tensor_record.h"

namespace fathom::io {

inline constexpr std::uint64_t kTorchSaveLimit = std::uint64_t{1} << 34;

// Whether the bytes begin as a zip archive does.
bool looks_like_zip(std::string_view bytes);

// The tensors in the order of the dictionary, dense and row-major whatever their strides were. Throws Error with
// `origin` and the cause: no sound archive, the format from before torch 1.6, a value that is no tensor (named), a name
// of Python code, a tensor that reaches beyond its storage, or more bytes (unpacked, and of the tensors) than `limit`
// or 16 times the archive's.
std::vector<TensorRecord> parse_torch_save(std::string_view bytes, std::string_view origin,
                                           std::uint64_t limit = kTorchSaveLimit);
std::vector<TensorRecord> read_torch_save(const std::filesystem::path& path, std::uint64_t limit = kTorchSaveLimit);

}  // namespace fathom::io
