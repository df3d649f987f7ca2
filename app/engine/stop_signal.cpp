#include "app/engine/stop_signal.h"

#include <unistd.h>

#include <csignal>
#include <string_view>

namespace fathom::app {

namespace {

std::atomic<bool> stop_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may set only lock-free atomics");

void ask_to_stop(int) {
  constexpr std::string_view kNote = "\nstopping after this step and saving; once more to stop at once\n";
  stop_asked = true;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kNote.data(), kNote.size());
}

void set_handler(void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal() {
  stop_asked = false;
  set_handler(ask_to_stop, static_cast<int>(SA_RESETHAND) | SA_RESTART);
}

StopSignal::~StopSignal() { set_handler(SIG_DFL, 0); }

const std::atomic<bool>& StopSignal::flag() const { return stop_asked; }

}  // namespace fathom::app
