// A file's bytes where the system keeps them: nothing is copied, pages are read when they are touched and can be given
// back. A file that another process shortens meanwhile ends this one (SIGBUS), as everywhere.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace fathom::io {

class MappedFile {
 public:
  // Read-only. Throws Error naming the path when it is absent, a folder or cannot be read.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

  // Tells the system that the part (of bytes()) will be read in order soon, or not for a while: its pages leave this
  // process's memory and come back from the file when touched. Hints; the contents stay.
  void will_read(std::string_view part) const;
  void release(std::string_view part) const;

 private:
  void advise(std::string_view part, int advice) const;

  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace fathom::io
