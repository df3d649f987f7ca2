#include "fathom/tensor/caching_allocator.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <torch/version.h>

#include "fathom/base/error.h"
#include "fathom/kernel/huge_pages.h"

namespace fathom::tensor {

namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21, kPage = std::size_t{1} << 12;

std::size_t rounded(std::size_t bytes) {
  const std::size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) / step * step;
}

void* from_system(std::size_t bytes) {
  void* block = nullptr;
  if (posix_memalign(&block, bytes >= kHugePage ? kHugePage : kPage, bytes) != 0) return nullptr;
  kernel::prefer_huge_pages(block, bytes);
  return block;
}

// The large blocks of the process.
class Cache {
 public:
  void* take(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    const std::lock_guard lock(mutex_);
    void* block = reuse(size);
    if (block == nullptr) block = fetch(size);
    sizes_.emplace(block, size);
    statistics_.in_use += size;
    return block;
  }

  // False: not one of ours.
  bool give(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(block);
    if (found == sizes_.end()) return false;
    const std::size_t size = found->second;
    sizes_.erase(found);
    statistics_.in_use -= size;
    if (size > limit_) {
      std::free(block);
      return true;
    }
    waiting_.push_back({block, size});
    by_size_[size].push_back(std::prev(waiting_.end()));
    statistics_.cached += size;
    shrink_to(limit_);
    return true;
  }

  void set_limit(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    limit_ = limit;
    shrink_to(limit);
  }

  void empty() {
    const std::lock_guard lock(mutex_);
    shrink_to(0);
  }

  CacheStatistics statistics() {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

 private:
  struct Waiting {
    void* block;
    std::size_t size;
  };
  using Place = std::list<Waiting>::iterator;

  // The block of this size that was freed last: its pages are the likeliest to be in the processor's caches.
  void* reuse(std::size_t size) {
    const auto found = by_size_.find(size);
    if (found == by_size_.end()) return nullptr;
    const Place place = found->second.back();
    void* block = place->block;
    found->second.pop_back();
    if (found->second.empty()) by_size_.erase(found);
    waiting_.erase(place);
    statistics_.cached -= size;
    ++statistics_.reused;
    return block;
  }

  void* fetch(std::size_t size) {
    void* block = from_system(size);
    if (block == nullptr) {
      shrink_to(0);
      block = from_system(size);
    }
    if (block == nullptr) throw std::bad_alloc();
    ++statistics_.fresh;
    return block;
  }

  void shrink_to(std::size_t bytes) {
    while (statistics_.cached > bytes) {
      const Waiting oldest = waiting_.front();
      auto& same = by_size_[oldest.size];
      same.erase(same.begin());  // of one size, the oldest stands first
      if (same.empty()) by_size_.erase(oldest.size);
      waiting_.pop_front();
      statistics_.cached -= oldest.size;
      std::free(oldest.block);
    }
  }

  std::mutex mutex_;
  std::unordered_map<void*, std::size_t> sizes_;  // of blocks in use
  std::list<Waiting> waiting_;                    // the least recently freed first
  std::unordered_map<std::size_t, std::vector<Place>> by_size_;
  std::size_t limit_ = kCacheLimit;
  CacheStatistics statistics_;
};

// Never destroyed: tensors with static storage are freed after any order of destruction that we could choose.
Cache& cache() {
  static Cache& one = *new Cache;
  return one;
}

void free_small(void* block) {
  if (block == nullptr) return;
  c10::profiledCPUMemoryReporter().Delete(block);
  c10::free_cpu(block);
}

void free_large(void* block) {
  c10::profiledCPUMemoryReporter().Delete(block);
  cache().give(block);
}

void free_any(void* block) {
  if (block == nullptr) return;
  c10::profiledCPUMemoryReporter().Delete(block);
  if (!cache().give(block)) c10::free_cpu(block);
}

class CachingAllocator final : public c10::Allocator {
 public:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
  c10::DataPtr allocate(std::size_t bytes) override { return block_of(bytes); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }
#else
  c10::DataPtr allocate(std::size_t bytes) const override { return block_of(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return free_any; }

 private:
  static c10::DataPtr block_of(std::size_t bytes) {
    const bool large = bytes >= kSmallestCached;
    void* block = large ? cache().take(bytes) : c10::alloc_cpu(bytes);
    c10::profiledCPUMemoryReporter().New(block, bytes);
    return {block, block, large ? free_large : free_small, c10::Device(c10::kCPU)};
  }
};

CachingAllocator& allocator() {
  static CachingAllocator& one = *new CachingAllocator;
  return one;
}

}  // namespace

void use_caching_allocator(std::size_t limit) {
  cache().set_limit(limit);
  c10::SetCPUAllocator(&allocator());
}

void use_libtorch_allocator() {
  c10::SetCPUAllocator(c10::GetDefaultCPUAllocator());
  cache().set_limit(0);
}

bool caching_allocator_in_use() { return c10::GetCPUAllocator() == &allocator(); }

void choose_allocator(std::string_view name) {
  if (name == "caching") {
    use_caching_allocator();
  } else if (!name.empty() && name != "default") {
    const std::string near = base::nearest(name, {"caching", "default"});
    throw UsageError(
        fmt::format("[tensor::choose_allocator] allocator = '{}' violates caching|default; {}", name,
                    near.empty() ? std::string("name one of these") : fmt::format("did you mean '{}'?", near)));
  }
}

CacheStatistics cache_statistics() { return cache().statistics(); }
void empty_cache() { cache().empty(); }

}  // namespace fathom::tensor
