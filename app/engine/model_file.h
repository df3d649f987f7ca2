// Which trained model a command uses.
#pragma once

#include <filesystem>
#include <string>

namespace fathom::app {

// The looped language model that ships: a checkpoint folder, byte by byte.
inline constexpr const char* kShippedLlm = "bytes";

// `asked`, or where it is empty the shipped file or folder `name` in <program>/../share/fathom/models.
// Errors: no such file, with what to do.
std::filesystem::path model_file(const std::string& asked, const std::string& name);

}  // namespace fathom::app
