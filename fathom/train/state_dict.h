// Weights of a module in Python, a state_dict, as those of a module here.
//
//   torch.save(module.state_dict(), "weights.pt")                # or safetensors.torch.save_file(...)
//   load_state_dict("weights.pt", named_state(*module));
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fathom/io/tensor_record.h"
#include "fathom/train/fit.h"

namespace fathom::train {

// What a module's state_dict() holds: parameters, then buffers, under their dotted names.
NamedTensors named_state(const torch::nn::Module& module);

// Copies the tensors of a torch.save or safetensors file (io/state_dict.h) into those of the same name; dtype and
// device of `state` are kept, so that float16 becomes float32, say. Errors (fathom::Error), before anything is changed:
// everything that does not fit, in one message: names missing in the file or unknown to the model, each with the
// nearest name on the other side, shapes that differ, floats where integers are needed or the reverse.
void load_state_dict(const std::filesystem::path& path, const NamedTensors& state);
void load_state_dict(const std::vector<io::TensorRecord>& file, const NamedTensors& state, const std::string& origin);

}  // namespace fathom::train
