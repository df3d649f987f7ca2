// Lines for the person at the terminal, on stderr (stdout carries results).
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace fathom::base {

enum class Level { quiet, warning, info, debug };

void set_level(Level level);  // default info
Level level();

// Writes one line to stderr, whole (no interleaving between threads).
void write_line(Level level, std::string_view text);

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (level() >= Level::info) write_line(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (level() >= Level::warning) write_line(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (level() >= Level::debug) write_line(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fathom::base
