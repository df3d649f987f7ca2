// Animated PNG: the frames of a PNG stream each, joined by the chunks acTL, fcTL and fdAT [PNG2025] (Third Edition). A
// reader that does not know them shows the first frame.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fathom/io/image.h"

namespace fathom::io {

struct Frame {
  Image image;
  std::int64_t milliseconds = 100;  // how long it is shown: 0 ... 65535
};

// All frames of the first one's size, channels and depth. repeats: 0 for ever. Errors: no frame, frames that differ, a
// time out of range.
std::string to_apng(const std::vector<Frame>& frames, std::int64_t repeats = 0);
void write_apng(const std::filesystem::path& path, const std::vector<Frame>& frames, std::int64_t repeats = 0);

}  // namespace fathom::io
