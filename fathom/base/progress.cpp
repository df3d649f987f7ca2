#include "fathom/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/base/log.h"

namespace fathom::base {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

ProgressOptions options_for(std::FILE* stream) {
  ProgressOptions options;
  options.stream = stream;
  options.terminal = is_terminal(stream);
  return options;
}

std::string bar(double fraction, int width) {
  const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  return "[" + std::string(full, '=') + std::string(width - full, ' ') + "]";
}

}  // namespace

bool is_terminal(std::FILE* stream) { return ::isatty(::fileno(stream)) == 1; }

std::string clock_text(double seconds) {
  if (!(seconds >= 0 && seconds < 1e12)) return "-";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::string title, std::int64_t total, std::int64_t done)
    : Progress(std::move(title), total, done, options_for(stderr)) {}

Progress::Progress(std::string title, std::int64_t total, std::int64_t done, const ProgressOptions& options)
    : title_(std::move(title)),
      total_(total),
      first_(done),
      done_(done),
      options_(options),
      start_(Clock::now()),
      shown_(start_) {}

Progress::~Progress() {
  if (!finished_) finish(note_);
}

double Progress::elapsed() const { return seconds_between(start_, Clock::now()); }

void Progress::update(std::int64_t done, std::string_view note) {
  done_ = done;
  note_ = note;
  const double interval = options_.terminal ? options_.redraw_seconds : options_.line_seconds;
  const Clock::time_point now = Clock::now();
  if (seconds_between(shown_, now) < interval) return;
  shown_ = now;
  show(done, note, false);
}

void Progress::finish(std::string_view note) {
  finished_ = true;
  show(done_, note, true);
}

void Progress::show(std::int64_t done, std::string_view note, bool last) {
  if (level() < Level::info) return;
  const std::string text = line(done, elapsed(), note);
  if (options_.terminal) {
    fmt::print(options_.stream, "\r\033[K{}{}", text, last ? "\n" : "");
  } else {
    fmt::print(options_.stream, "{}\n", text);
  }
  std::fflush(options_.stream);
}

std::string Progress::line(std::int64_t done, double elapsed_seconds, std::string_view note) const {
  const double rate = elapsed_seconds > 0 ? static_cast<double>(done - first_) / elapsed_seconds : 0;
  std::string out = title_;
  if (total_ > 0) {
    const double fraction = static_cast<double>(done) / static_cast<double>(total_);
    if (options_.terminal) out += "  " + bar(fraction, 24);
    out += fmt::format("  {}/{}  {}%", done, total_, 100 * done / total_);
  } else {
    out += fmt::format("  {}", done);
  }
  out += fmt::format("  {:.3g}/s", rate);
  if (total_ > 0 && rate > 0 && done < total_) {
    out += fmt::format("  ETA {}", clock_text(static_cast<double>(total_ - done) / rate));
  } else {
    out += fmt::format("  in {}", clock_text(elapsed_seconds));
  }
  if (!note.empty()) out += fmt::format("  {}", note);
  return out;
}

}  // namespace fathom::base
