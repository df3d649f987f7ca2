// An answer on its way from the scheduler's thread to one reader. The writer never waits: what is not read yet is kept,
// and that is at most the answer's own text. The reader waits as long as it likes, and may cancel.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace fathom::llm {

// Why an answer is whole. failed: Reply::message says what happened.
enum class Outcome { running, stop, length, cancelled, timeout, failed };

class Reply {
 public:
  using Clock = std::chrono::steady_clock;

  // What the answer cost so far.
  struct Counts {
    std::int64_t prompt = 0, tokens = 0, recurrences = 0;
    double first_token = -1, seconds = -1;  // since the request came, until the first token and the end
  };

  // Text since the last call. Waits for some, or for the end, no longer than `patience`.
  std::string take(std::chrono::milliseconds patience);
  // Waits for the end; false when it did not come in time.
  bool wait(std::chrono::milliseconds patience);

  Outcome outcome() const;
  std::string message() const;
  Counts counts() const;
  void cancel() { cancelled_ = true; }

 private:
  friend class Scheduler;

  void begin(std::int64_t prompt);
  void append(std::string_view text, std::int64_t recurrences);
  void end(Outcome outcome, std::string_view text = "", std::string_view message = "");
  bool cancelled() const { return cancelled_; }
  double age() const { return std::chrono::duration<double>(Clock::now() - asked_).count(); }

  const Clock::time_point asked_ = Clock::now();
  std::atomic<bool> cancelled_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string unread_, message_;
  Outcome outcome_ = Outcome::running;
  Counts counts_;
};

}  // namespace fathom::llm
