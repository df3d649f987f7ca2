#include "fathom/io/state_dict.h"

#include "fathom/base/file.h"
#include "fathom/io/torch_save.h"

namespace fathom::io {

Safetensors read_state_dict(const std::filesystem::path& path) {
  const std::string bytes = base::read_file(path);
  // A safetensors file begins with the length of its header, less than 2^32. The pickle of before torch 1.6 is refused
  // by parse_torch_save, which knows what it is.
  const bool pickled = looks_like_zip(bytes) || bytes.starts_with("\x80\x02\x8a\x0a");
  if (pickled) return {.tensors = parse_torch_save(bytes, path.string()), .metadata = {}};
  return parse_safetensors(bytes, path.string());
}

}  // namespace fathom::io
