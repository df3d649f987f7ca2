#include "fathom/report/number_text.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fathom::report {
namespace {

using testing::ElementsAre;

TEST(NumberText, SignificantDigitsWithoutTrailingZeros) {
  EXPECT_EQ(significant(0.17129), "0.1713");
  EXPECT_EQ(significant(12.5), "12.5");
  EXPECT_EQ(significant(0), "0");
  EXPECT_EQ(significant(-3), "-3");
  EXPECT_EQ(significant(100), "100");
  EXPECT_EQ(significant(3200000), "3200000");
  EXPECT_EQ(significant(0.00025), "0.00025");
  EXPECT_EQ(significant(0.9996, 3), "1");
}

TEST(NumberText, SmallAndGreatFiguresHaveAPowerOfTen) {
  EXPECT_EQ(significant(1.234e-7), "1.234×10⁻⁷");
  EXPECT_EQ(significant(-5e120, 3), "-5×10¹²⁰");
  EXPECT_EQ(significant(5e-324, 1), "5×10⁻³²⁴");
}

TEST(NumberText, WhatIsNotANumberIsADash) {
  EXPECT_EQ(significant(NAN), kMissing);
  EXPECT_EQ(significant(INFINITY), kMissing);
  EXPECT_EQ(duration(NAN), kMissing);
  EXPECT_EQ(duration(-1), kMissing);
}

TEST(NumberText, AColumnSharesItsDecimals) {
  EXPECT_THAT(column_text({0.1709, 0.62, 1.2811}), ElementsAre("0.171", "0.620", "1.281"));
  EXPECT_THAT(column_text({0.0042, 0.0123, NAN}, 2), ElementsAre("0.0042", "0.0123", kMissing));
  EXPECT_THAT(column_text({120, 4512}), ElementsAre("120", "4512"));
  EXPECT_THAT(column_text({0, 0}), ElementsAre("0", "0"));
  EXPECT_THAT(column_text({}), ElementsAre());
}

TEST(NumberText, AColumnOfFarApartFiguresIsWrittenOneByOne) {
  EXPECT_THAT(column_text({1e-9, 12.34}), ElementsAre("1×10⁻⁹", "12.3"));
}

TEST(NumberText, GroupsFromFiveDigitsOn) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(2350), "2350");
  EXPECT_EQ(grouped(31606), "31\u202F606");
  EXPECT_EQ(grouped(-1234567), "-1\u202F234\u202F567");
}

TEST(NumberText, DurationsInTheUnitsOfPeople) {
  EXPECT_EQ(duration(0.84), "0.8 s");
  EXPECT_EQ(duration(9.96), "10 s");
  EXPECT_EQ(duration(59.4), "59 s");
  EXPECT_EQ(duration(75), "1 min 15 s");
  EXPECT_EQ(duration(9000), "2 h 30 min");
  EXPECT_EQ(duration(1e300), "1×10³⁰⁰ s");
}

TEST(NumberText, Plurals) {
  EXPECT_EQ(plural(1, "model"), "1 model");
  EXPECT_EQ(plural(0, "model"), "0 models");
  EXPECT_EQ(plural(25000, "sample"), "25\u202F000 samples");
}

}  // namespace
}  // namespace fathom::report
