#include "fathom/base/file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "fathom/base/error.h"

namespace fathom::base {

namespace fs = std::filesystem;

void write_atomically(const fs::path& path, std::string_view bytes) {
  write_atomically(path, [&](const fs::path& temporary) {
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) fail("base::write_atomically", "cannot write {}: {}", temporary.string(), std::strerror(errno));
  });
}

void write_atomically(const fs::path& path, const std::function<void(const fs::path&)>& writer) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) fail("base::write_atomically", "cannot make the folder of {}: {}", path.string(), error.message());
  const fs::path temporary = path.string() + ".tmp-" + std::to_string(::getpid());
  try {
    writer(temporary);
    fs::rename(temporary, path);
  } catch (const fs::filesystem_error& failure) {
    fs::remove(temporary, error);
    fail("base::write_atomically", "cannot rename to {}: {}", path.string(), failure.code().message());
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
}

std::string read_file(const fs::path& path, std::uintmax_t limit) {
  std::error_code error;
  if (!fs::exists(path, error)) fail("base::read_file", "no file at {}; check the path", path.string());
  if (fs::is_directory(path, error)) fail("base::read_file", "{} is a folder; name a file in it", path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) fail("base::read_file", "cannot open {}: {}", path.string(), std::strerror(errno));
  std::string bytes;
  char block[1 << 16];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(in.gcount()));
    if (bytes.size() > limit) {
      fail("base::read_file", "{} is larger than {} bytes; this cannot be the file meant", path.string(), limit);
    }
  }
  return bytes;
}

}  // namespace fathom::base
