// Writing files so that a reader never sees half of one.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace fathom::base {

// Writes to `path`.tmp-<pid> in the same folder (which is made when absent), then renames over `path`.
// On any error the temporary file is removed, `path` is untouched and Error names the path and the cause.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

// The same for a writer that needs a path (a library that opens the file itself).
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path& temporary)>& writer);

// The whole file. Throws Error naming the path when it is absent, a folder, unreadable or larger than `limit` bytes.
std::string read_file(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t{1} << 34);

}  // namespace fathom::base
