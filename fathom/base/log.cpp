#include "fathom/base/log.h"

#include <atomic>
#include <cstdio>
#include <string>

namespace fathom::base {

namespace {
std::atomic<Level> current_level{Level::info};
}

void set_level(Level level) { current_level = level; }
Level level() { return current_level; }

void write_line(Level level, std::string_view text) {
  std::string line = level == Level::warning ? "warning: " : "";
  line.append(text).push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace fathom::base
