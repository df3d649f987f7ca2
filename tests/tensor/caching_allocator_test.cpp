#include "fathom/tensor/caching_allocator.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/tensor/tensor.h"
#include "tests/support/memory.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kMega = 1 << 20;

Tensor bytes(std::int64_t count) { return at::empty({count}, at::kByte); }
std::int64_t cached() { return static_cast<std::int64_t>(cache_statistics().cached); }
std::int64_t in_use() { return static_cast<std::int64_t>(cache_statistics().in_use); }
std::uintptr_t address(const Tensor& tensor) { return reinterpret_cast<std::uintptr_t>(tensor.data_ptr()); }

// Each case runs under the caching allocator and leaves libtorch's behind.
class CachingAllocator : public testing::Test {
 protected:
  void SetUp() override { use_caching_allocator(); }
  void TearDown() override { use_libtorch_allocator(); }
};

TEST_F(CachingAllocator, AFreedBlockServesTheNextTensorOfItsSize) {
  const CacheStatistics before = cache_statistics();
  const std::int64_t cached_before = cached();
  const void* first = bytes(64 * kMega).data_ptr();
  EXPECT_EQ(bytes(64 * kMega).data_ptr(), first);
  EXPECT_EQ(bytes(64 * kMega - 1000).data_ptr(), first) << "a size that rounds to the same";
  const CacheStatistics after = cache_statistics();
  EXPECT_EQ(after.fresh - before.fresh, 1);
  EXPECT_EQ(after.reused - before.reused, 2);
  EXPECT_EQ(cached(), cached_before + 64 * kMega);
  EXPECT_EQ(after.in_use, before.in_use);
}

TEST_F(CachingAllocator, TwoLiveTensorsNeverShareABlock) {
  std::vector<Tensor> live;
  for (int i = 0; i < 8; ++i) live.push_back(at::full({3 * kMega}, i, at::kByte));
  for (int i = 0; i < 8; ++i) EXPECT_TRUE((live[i] == i).all().item<bool>()) << i;
}

TEST_F(CachingAllocator, RoundingWastesAtMostAnEighth) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    const auto size = static_cast<std::int64_t>(kMega + random() % (32 * kMega));
    const std::int64_t before = in_use();
    const Tensor tensor = bytes(size);
    const std::int64_t taken = in_use() - before;
    EXPECT_GE(taken, size);
    EXPECT_LE(taken, size + size / 8 + 1);
  }
}

TEST_F(CachingAllocator, KeepsToItsLimitAndDropsTheOldestFirst) {
  use_caching_allocator(8 * kMega);
  Tensor a = bytes(4 * kMega), b = bytes(3 * kMega), c = bytes(2 * kMega);
  const void *of_b = b.data_ptr(), *of_c = c.data_ptr();
  a.reset();
  b.reset();
  EXPECT_EQ(cached(), 7 * kMega);
  c.reset();  // 9 MB would wait: a goes
  EXPECT_EQ(cached(), 5 * kMega);
  EXPECT_EQ(bytes(3 * kMega).data_ptr(), of_b);
  EXPECT_EQ(bytes(2 * kMega).data_ptr(), of_c);
  bytes(100 * kMega);  // larger than the limit: not kept, and no reason to drop the rest
  EXPECT_EQ(cached(), 5 * kMega);
  empty_cache();
  EXPECT_EQ(cached(), 0);
}

TEST_F(CachingAllocator, BlocksAreAligned) {
  EXPECT_EQ(address(bytes(4 * kMega)) % (2 * kMega), 0u);
  EXPECT_EQ(address(bytes(kMega)) % 4096, 0u);
  for (const std::int64_t size : {1, 3, 100, 5000, 700000}) EXPECT_EQ(address(bytes(size)) % 64, 0u) << size;
  EXPECT_EQ(bytes(0).numel(), 0);
}

TEST_F(CachingAllocator, LargeTensorsOutliveTheReturnToLibtorchsOwn) {
  const Tensor before = at::full({4 * kMega}, 7, at::kByte);
  use_libtorch_allocator();
  EXPECT_FALSE(caching_allocator_in_use());
  const Tensor after = at::full({4 * kMega}, 8, at::kByte);
  EXPECT_TRUE((before == 7).all().item<bool>() && (after == 8).all().item<bool>());
}

TEST_F(CachingAllocator, LeavesNothingInUseOrCachedBehind) {
  bytes(16 * kMega);
  use_libtorch_allocator();
  EXPECT_EQ(cached(), 0);
  EXPECT_EQ(in_use(), 0);
}

TEST_F(CachingAllocator, RawBlocksOfEverySizeComeBack) {
  c10::Allocator& allocator = *c10::GetCPUAllocator();
  for (const std::size_t size : {std::size_t{10}, std::size_t{5000}, std::size_t{3 * kMega}}) {
    void* block = allocator.raw_allocate(size);
    std::memset(block, 1, size);
    allocator.raw_deallocate(block);
  }
  EXPECT_EQ(in_use(), 0);
}

TEST_F(CachingAllocator, ThreadsDoNotDisturbEachOther) {
  std::atomic<int> wrong = 0;
  const auto work = [&](int value) {
    std::mt19937 random(static_cast<unsigned>(value));
    std::vector<Tensor> live(6);
    for (int i = 0; i < 300; ++i) {
      Tensor& slot = live[random() % live.size()];
      if (slot.defined()) wrong += !(slot == value).all().item<bool>();
      slot = at::full({static_cast<std::int64_t>(kMega + random() % kMega)}, value, at::kByte);
    }
  };
  std::vector<std::thread> threads;
  for (int t = 1; t <= 4; ++t) threads.emplace_back(work, t);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(in_use(), 0);
  EXPECT_LE(cached(), static_cast<std::int64_t>(kCacheLimit));
}

TEST_F(CachingAllocator, MemoryReportsSeeItsBlocks) {
  testing_support::MemoryCounter memory;
  {
    const Tensor large = bytes(5 * kMega), small = bytes(1000);
    EXPECT_EQ(memory.live(), 5 * kMega + 1000);
  }
  EXPECT_EQ(memory.live(), 0);
  EXPECT_EQ(memory.peak(), 5 * kMega + 1000);
}

// A few steps of gradient descent on matrices of 1 MB and more.
std::vector<Tensor> trained() {
  at::manual_seed(4);
  Tensor w = at::randn({512, 512}).mul_(.05).requires_grad_(true);
  const Tensor x = at::randn({600, 512});
  std::vector<Tensor> losses;
  for (int step = 0; step < 5; ++step) {
    const Tensor loss = (at::tanh(at::mm(x, w)) - x).square().mean();
    loss.backward();
    losses.push_back(loss.detach());
    at::NoGradGuard no_grad;
    w.sub_(w.grad(), .5);
    w.mutable_grad().reset();
  }
  losses.push_back(w.detach());
  return losses;
}

TEST_F(CachingAllocator, TrainingIsTheSameBitForBit) {
  const std::vector<Tensor> ours = trained();
  EXPECT_GT(cache_statistics().reused, 0);
  use_libtorch_allocator();
  const std::vector<Tensor> theirs = trained();
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(at::equal(ours[i], theirs[i])) << i;
}

TEST(ChooseAllocator, ByName) {
  choose_allocator("");
  choose_allocator("default");
  EXPECT_FALSE(caching_allocator_in_use());
  choose_allocator("caching");
  EXPECT_TRUE(caching_allocator_in_use());
  use_libtorch_allocator();
  try {
    choose_allocator("cashing");
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("allocator = 'cashing' violates caching|default; did you mean 'caching'?"));
  }
}

}  // namespace
}  // namespace fathom::tensor
