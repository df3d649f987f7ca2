// Progress of long work: a bar that redraws itself on a terminal (step, rate, ETA, a note such as the loss), plain
// lines at intervals otherwise.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace fathom::base {

struct ProgressOptions {
  std::FILE* stream = stderr;
  bool terminal = false;        // redraw one line; see is_terminal
  double redraw_seconds = 0.1;  // on a terminal
  double line_seconds = 10;     // otherwise: at most one line in this time
};

bool is_terminal(std::FILE* stream);

class Progress {
 public:
  // `total` 0: unknown, no ETA. `done` > 0 when work is resumed.
  Progress(std::string title, std::int64_t total, std::int64_t done = 0);
  Progress(std::string title, std::int64_t total, std::int64_t done, const ProgressOptions& options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::int64_t done, std::string_view note = {});
  void finish(std::string_view note = {});  // the last line; the destructor does it when forgotten

  // The line itself, for tests: "train  120/1000  12%  35.2/s  ETA 0:25  loss 0.31".
  std::string line(std::int64_t done, double elapsed_seconds, std::string_view note) const;

 private:
  void show(std::int64_t done, std::string_view note, bool last);
  double elapsed() const;

  std::string title_;
  std::int64_t total_, first_, done_;
  ProgressOptions options_;
  std::string note_;
  std::chrono::steady_clock::time_point start_, shown_;
  bool finished_ = false;
};

// "0:07", "12:30", "1:02:03"; "-" for what is negative, not finite or beyond 1e12 s.
std::string clock_text(double seconds);

}  // namespace fathom::base
