#include "fathom/domain/llm/reply.h"

#include <utility>

namespace fathom::llm {

std::string Reply::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return !unread_.empty() || outcome_ != Outcome::running; });
  return std::exchange(unread_, {});
}

bool Reply::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return outcome_ != Outcome::running; });
}

Outcome Reply::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

std::string Reply::message() const {
  const std::lock_guard lock(mutex_);
  return message_;
}

Reply::Counts Reply::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Reply::begin(std::int64_t prompt) {
  const std::lock_guard lock(mutex_);
  counts_.prompt = prompt;
}

void Reply::append(std::string_view text, std::int64_t recurrences) {
  {
    const std::lock_guard lock(mutex_);
    if (counts_.tokens++ == 0) counts_.first_token = age();
    counts_.recurrences += recurrences;
    unread_ += text;
  }
  if (!text.empty()) changed_.notify_all();
}

void Reply::end(Outcome outcome, std::string_view text, std::string_view message) {
  {
    const std::lock_guard lock(mutex_);
    outcome_ = outcome;
    unread_ += text;
    message_ = message;
    counts_.seconds = age();
  }
  changed_.notify_all();
}

}  // namespace fathom::llm
