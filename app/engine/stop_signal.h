// Ctrl-C: the first one asks for a clean stop, the second ends the process at once.
#pragma once

#include <atomic>

namespace fathom::app {

// While an object of this class lives, the first SIGINT or SIGTERM only sets flag(); the next has its usual effect.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  const std::atomic<bool>& flag() const;
  bool asked() const { return flag().load(); }
};

}  // namespace fathom::app
