#include "fathom/tensor/heap.h"

#include <sys/resource.h>

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace fathom::tensor {
namespace {

long page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

// An update of a training: blocks as large as its states, written, then all freed.
void make_and_free() {
  constexpr std::size_t kBlocks = 16, kBytes = 600'000;
  std::vector<std::unique_ptr<volatile char[]>> blocks;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    blocks.emplace_back(new volatile char[kBytes]);
    for (std::size_t at = 0; at < kBytes; at += 1024) blocks.back()[at] = 1;
  }
}

// 16 blocks are 2344 pages; without the call the heap's top goes back to the system after every round.
TEST(Heap, FreedBlocksStayWithTheProcess) {
  keep_freed_memory();
  make_and_free();
  const long before = page_faults();
  for (int update = 0; update < 10; ++update) make_and_free();
  EXPECT_LT(page_faults() - before, 200);
}

}  // namespace
}  // namespace fathom::tensor
