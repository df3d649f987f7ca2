// The header of a safetensors file (io/safetensors.h), checked against the file before any tensor is touched.
// Internal to the room.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/dtype.h"

namespace fathom::io {

inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";
inline constexpr std::size_t kSafetensorsLengthBytes = 8;

struct TensorEntry {
  std::string name;
  DType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin, end;  // in the data
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // as they lie in the file
  std::map<std::string, std::string> metadata;
  std::size_t data_begin = 0;  // in the file
};

// `bytes` are those of the whole file; only the header is read. Throws Error as parse_safetensors does.
SafetensorsHeader parse_safetensors_header(std::string_view bytes, std::string_view origin);

// "F32", ...
std::string_view safetensors_code(DType dtype);

}  // namespace fathom::io
