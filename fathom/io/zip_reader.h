// A zip archive in memory, unpacked member by member within a limit: what npz files and torch.save have in common.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fathom::io {

class ZipReader {
 public:
  // `bytes` must outlive the reader; `place` and `origin` begin every error ("io::parse_npz", a path).
  // Throws Error when the bytes are no sound archive or a name appears twice.
  ZipReader(std::string_view bytes, std::string_view place, std::string_view origin, std::uint64_t limit);
  ~ZipReader();

  std::uint64_t size() const;                      // members
  std::string name(std::uint64_t member) const;    // "" where the archive has none
  std::int64_t find(std::string_view name) const;  // -1: no such member

  // Throws Error when the member is encrypted or damaged, or all unpacked so far are more than the limit: what the
  // archive claims about sizes is not believed.
  std::string unpack(std::uint64_t member);

  [[noreturn]] void refuse(const std::string& name, std::string_view cause) const;

 private:
  struct Archive;

  std::string place_, origin_;
  std::uint64_t limit_, left_;
  std::unique_ptr<Archive> archive_;
};

}  // namespace fathom::io
