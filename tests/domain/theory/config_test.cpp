#include "fathom/domain/theory/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::theory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(TheoryConfig, ResolvesNamesOfTargets) {
  Config config;
  EXPECT_EQ(config.constructed_targets().size(), 8u);
  EXPECT_THAT(config.learned_targets(), ElementsAre("reciprocal", "two_poles"));
  config.constructed.targets = "tangent, reciprocal,tangent";
  EXPECT_THAT(config.constructed_targets(), ElementsAre("tangent", "reciprocal"));
  config.target.expression = "1/x";  // wanted without being named
  EXPECT_THAT(config.constructed_targets(), ElementsAre("tangent", "reciprocal", "expression"));
  config.learned.targets = "expression";
  EXPECT_THAT(config.learned_targets(), ElementsAre("expression"));
  config.learned.targets = "none";
  EXPECT_TRUE(config.learned_targets().empty());
  EXPECT_NO_THROW(config.check());
}

TEST(TheoryConfig, RefusesWhatDoesNotGoTogether) {
  Config config;
  config.constructed.targets = "tangant";
  EXPECT_THAT(refusal([&] { config.check(); }), HasSubstr("did you mean 'tangent'?"));
  config = {};
  config.learned.targets = "inversion";  // two inputs
  EXPECT_THAT(refusal([&] { config.check(); }), HasSubstr("learned.targets = 'inversion'"));
  config = {};
  config.target = {.expression = "x", .low = 1, .high = 0};
  EXPECT_THAT(refusal([&] { config.check(); }), HasSubstr("target.low = 1 violates < target.high = 0"));
  config = {};
  config.learned.bounds = {};
  EXPECT_THAT(refusal([&] { config.check(); }), HasSubstr("learned.bounds = []"));
  config = {};
  config.learned.iterations = 10;
  EXPECT_THAT(refusal([&] { config.check(); }), HasSubstr("learned.iterations = 10"));
}

TEST(TheoryConfig, HasPresets) {
  for (const char* name : {"quick", "full", "paper"}) EXPECT_NO_THROW(preset(name).check()) << name;
  EXPECT_THAT(refusal([] { preset("fulll"); }), HasSubstr("did you mean 'full'?"));
}

}  // namespace
}  // namespace fathom::theory
