// The example in the README is the one that is compiled and run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"

namespace fathom::architecture {
namespace {

TEST(Readme, ShowsTheCompiledExample) {
  const std::string root = FATHOM_SOURCE_DIR;
  const std::string example = base::read_file(root + "/examples/03_implicit_gradient.cpp");
  EXPECT_THAT(base::read_file(root + "/README.md"), testing::HasSubstr("```cpp\n" + example + "```\n"));
}

}  // namespace
}  // namespace fathom::architecture
