#include "fathom/domain/imaging/update_memory.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

namespace fathom::imaging {

namespace {

// Told of every allocation of this thread while its guard lives; backward passes on the CPU run in the calling thread.
struct Tally : c10::MemoryReportingInfoBase {
  std::int64_t live = 0, peak = 0;

  void note(std::int64_t bytes) {
    live += bytes;
    peak = std::max(peak, live);
  }
  // libtorch changed the type of the totals after 1.13: one of the two overrides, the other is never called.
  void reportMemoryUsage(void*, std::int64_t bytes, std::int64_t, std::int64_t, c10::Device) { note(bytes); }
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t, c10::Device) { note(bytes); }
  bool memoryProfilingEnabled() const override { return true; }
};

}  // namespace

double update_memory(const std::function<void()>& update) {
  const auto tally = std::make_shared<Tally>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, tally);
  update();
  return static_cast<double>(tally->peak) / 1e6;
}

}  // namespace fathom::imaging
