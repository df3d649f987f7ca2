#include "fathom/base/log.h"

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "fathom/base/thinned_warnings.h"

namespace fathom::base {

namespace {

std::atomic<Level> current_level{Level::info};

// How often each place has warned while warnings are thinned.
struct Thinning {
  std::mutex mutex;
  int asked = 0;
  std::map<std::string, std::uint64_t, std::less<>> times;
};
Thinning& thinning() {
  static Thinning one;
  return one;
}

// "[room::fn]" of a warning; "": it names none.
std::string_view place_of(std::string_view text) {
  const std::size_t end = text.find(']');
  return text.starts_with('[') && end != std::string_view::npos ? text.substr(0, end + 1) : std::string_view();
}

// What number this warning is among those of its place, 1 where they are not thinned.
std::uint64_t number_of(std::string_view text) {
  const std::string_view place = place_of(text);
  Thinning& all = thinning();
  const std::lock_guard lock(all.mutex);
  return all.asked == 0 || place.empty() ? 1 : ++all.times[std::string(place)];
}

}  // namespace

void set_level(Level level) { current_level = level; }
Level level() { return current_level; }

void write_line(Level level, std::string_view text) {
  std::string line;
  if (level == Level::warning) {
    const std::uint64_t number = number_of(text);
    if (!std::has_single_bit(number)) return;
    line = "warning: ";
    if (number > 1) line += fmt::format("{} so far, the next is told at {}: ", number, 2 * number);
  }
  line.append(text).push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

ThinnedWarnings::ThinnedWarnings() {
  const std::lock_guard lock(thinning().mutex);
  ++thinning().asked;
}

ThinnedWarnings::~ThinnedWarnings() {
  const std::lock_guard lock(thinning().mutex);
  if (--thinning().asked == 0) thinning().times.clear();
}

}  // namespace fathom::base
