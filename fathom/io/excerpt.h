// What an error message may quote of a file's content: one short printable line, whatever the file holds.
#pragma once

#include <string>
#include <string_view>

namespace fathom::io {

// The text with control characters as \xNN, cut to `limit` bytes with "..." when longer.
std::string excerpt(std::string_view text, std::size_t limit = 60);

}  // namespace fathom::io
