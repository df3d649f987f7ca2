// Counts the bytes of tensors on the CPU that this thread allocates and frees while the counter
// lives.
//
//   MemoryCounter memory;
//   solve(...);
//   memory.peak();  // most bytes alive at one time, of those allocated since
//
// Bytes of tensors made before the counter are not in it, also when they are freed within. Backward
// passes on the CPU run in the calling thread and are counted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

namespace fathom::testing_support {

class MemoryCounter {
 public:
  MemoryCounter() : tally_(std::make_shared<Tally>()), guard_(c10::DebugInfoKind::PROFILER_STATE, tally_) {}

  std::int64_t live() const { return tally_->live; }
  std::int64_t peak() const { return tally_->peak; }
  std::int64_t allocations() const { return tally_->allocations; }

 private:
  struct Tally : c10::MemoryReportingInfoBase {
    std::int64_t live = 0, peak = 0, allocations = 0;

    void note(std::int64_t bytes) {
      live += bytes;
      peak = std::max(peak, live);
      allocations += bytes > 0;
    }
    // libtorch changed the type of the totals after 1.13: one of the two overrides, the other is
    // never called.
    void reportMemoryUsage(void*, std::int64_t bytes, std::int64_t, std::int64_t, c10::Device) { note(bytes); }
    void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t, c10::Device) { note(bytes); }
    bool memoryProfilingEnabled() const override { return true; }
  };

  std::shared_ptr<Tally> tally_;
  c10::DebugInfoGuard guard_;
};

}  // namespace fathom::testing_support
