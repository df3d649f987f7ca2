#include "fathom/kernel/huge_pages.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace fathom::kernel {
namespace {

TEST(HugePages, LeaveTheContentsAsTheyAre) {
  std::vector<char> array(std::size_t{9} << 20, 7);
  for (const std::size_t offset : {0, 1, 5000}) {
    prefer_huge_pages(array.data() + offset, array.size() - offset);
    EXPECT_TRUE(std::all_of(array.begin(), array.end(), [](char value) { return value == 7; }));
  }
}

TEST(HugePages, AcceptArraysSmallerThanOne) {
  std::vector<char> array(100, 7);
  prefer_huge_pages(array.data(), array.size());
  prefer_huge_pages(nullptr, 0);
  EXPECT_EQ(array[99], 7);
}

}  // namespace
}  // namespace fathom::kernel
