// model.safetensors.index.json: which file of a model holds which tensor.
//   {"metadata": {"total_size": 15645600384}, "weight_map": {"lm_head.weight": "model-00004-of-00004.safetensors",
//   ...}}
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::io {

struct SafetensorsIndex {
  std::map<std::string, std::string> file_of;  // tensor -> name of a file in the same folder
  std::optional<std::uint64_t> total_bytes;    // of all tensors

  std::vector<std::string> files() const;  // each once, sorted
};

// Throws Error with `origin` for other JSON, an empty map, or a file that is not a plain name: an index must not lead
// out of its folder.
SafetensorsIndex parse_safetensors_index(std::string_view text, std::string_view origin);

}  // namespace fathom::io
