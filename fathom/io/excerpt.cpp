#include "fathom/io/excerpt.h"

#include <fmt/format.h>

namespace fathom::io {

std::string excerpt(std::string_view text, std::size_t limit) {
  std::string shown;
  for (const char c : text.substr(0, limit)) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f)
      shown += fmt::format("\\x{:02x}", code);
    else
      shown += c;
  }
  if (text.size() > limit) shown += "...";
  return shown;
}

}  // namespace fathom::io
