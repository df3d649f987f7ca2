// Ctrl-C: the first one asks for a clean stop, the second ends the process at once.
#pragma once

#include <atomic>
#include <string_view>

namespace fathom::app {

// While an object of this class lives, the first SIGINT or SIGTERM only sets flag() and writes `note`, which must live
// as long, to stderr; the next has its usual effect.
class StopSignal {
 public:
  explicit StopSignal(std::string_view note = "\nstopping after this step and saving; once more to stop at once\n");
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  const std::atomic<bool>& flag() const;
  bool asked() const { return flag().load(); }
};

}  // namespace fathom::app
