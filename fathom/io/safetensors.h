// safetensors files (format of the Hugging Face library of that name): 8 bytes of header length (u64), a JSON header
//   {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {"key": "text"}}
// and the data, to which the offsets refer; the tensors cover the data without hole or overlap.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/tensor_record.h"

namespace fathom::io {

struct Safetensors {
  std::vector<TensorRecord> tensors;  // as they lie in the file
  std::map<std::string, std::string> metadata;

  const TensorRecord* find(std::string_view name) const;  // nullptr when absent
  const TensorRecord& at(std::string_view name) const;    // throws Error that names the nearest
};

inline constexpr std::uint64_t kSafetensorsHeaderLimit = 100'000'000;

// Throws Error with `origin` (a path, or what the bytes are) and the cause when the bytes are not a whole, consistent
// file: every claim of the header is checked before any tensor is copied. Cost: one copy of the data.
Safetensors parse_safetensors(std::string_view bytes, std::string_view origin);
Safetensors read_safetensors(const std::filesystem::path& path);

// The file's bytes: wider elements first (stable), header padded to 8 bytes, so that every tensor lies aligned.
// The same content gives the same bytes. Throws Error for a repeated name, "__metadata__" as a name, or a tensor whose
// bytes do not fit its shape.
std::string to_bytes(const Safetensors& file);
void write_safetensors(const std::filesystem::path& path, const Safetensors& file);  // atomic

}  // namespace fathom::io
