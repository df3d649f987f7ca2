#include "app/engine/stop_signal.h"

#include <unistd.h>

#include <csignal>

namespace fathom::app {

namespace {

std::atomic<bool> stop_asked{false};
std::atomic<const char*> note_text{""};
std::atomic<std::size_t> note_size{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free &&
                  std::atomic<std::size_t>::is_always_lock_free,
              "a signal handler may use only lock-free atomics");

void ask_to_stop(int) {
  stop_asked = true;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, note_text.load(), note_size.load());
}

void set_handler(void (*handler)(int), int flags) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal(std::string_view note) {
  stop_asked = false;
  note_text = note.data();
  note_size = note.size();
  set_handler(ask_to_stop, static_cast<int>(SA_RESETHAND) | SA_RESTART);
}

StopSignal::~StopSignal() { set_handler(SIG_DFL, 0); }

const std::atomic<bool>& StopSignal::flag() const { return stop_asked; }

}  // namespace fathom::app
