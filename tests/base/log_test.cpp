#include "fathom/base/log.h"

#include <string>

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace fathom::base
