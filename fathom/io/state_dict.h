// The tensors of a model's file, whichever of the two formats in use it has.
#pragma once

#include <filesystem>

#include "fathom/io/safetensors.h"

namespace fathom::io {

// A file of torch.save (torch_save.h; no metadata) or of safetensors, told apart by its first bytes. Errors: theirs.
Safetensors read_state_dict(const std::filesystem::path& path);

}  // namespace fathom::io
