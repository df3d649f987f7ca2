#include "fathom/base/log.h"

#include <string>

#include <gtest/gtest.h>

#include "fathom/base/thinned_warnings.h"

namespace fathom::base {
namespace {

std::string written_at(Level shown) {
  const Level before = level();
  set_level(shown);
  testing::internal::CaptureStderr();
  warn("w{}", 1);
  info("i{}", 2);
  debug("d{}", 3);
  set_level(before);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, ShowsWhatItsLevelAllows) {
  EXPECT_EQ(written_at(Level::quiet), "");
  EXPECT_EQ(written_at(Level::warning), "warning: w1\n");
  EXPECT_EQ(written_at(Level::info), "warning: w1\ni2\n");
  EXPECT_EQ(written_at(Level::debug), "warning: w1\ni2\nd3\n");
}

TEST(Log, RepeatedWarningsOfAPlaceAreThinnedWhereAskedFor) {
  testing::internal::CaptureStderr();
  {
    const ThinnedWarnings outer;
    {
      const ThinnedWarnings inner;
      for (int i = 1; i <= 5; ++i) warn("[room::fn] value {}", i);
    }
    for (int i = 6; i <= 9; ++i) warn("[room::fn] value {}", i);
    warn("[room::other] value 1");
    for (int i = 0; i < 3; ++i) warn("no place");
  }
  warn("[room::fn] value 10");
  warn("[room::fn] value 11");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: [room::fn] value 1\n"
            "warning: 2 so far, the next is told at 4: [room::fn] value 2\n"
            "warning: 4 so far, the next is told at 8: [room::fn] value 4\n"
            "warning: 8 so far, the next is told at 16: [room::fn] value 8\n"
            "warning: [room::other] value 1\n"
            "warning: no place\nwarning: no place\nwarning: no place\n"
            "warning: [room::fn] value 10\n"
            "warning: [room::fn] value 11\n");
}

}  // namespace
}  // namespace fathom::base
