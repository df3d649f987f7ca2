#include "fathom/domain/lp/from_mps.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/lp/clp.h"

namespace fathom::lp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Imported imported(std::string_view text) { return from_mps(io::parse_mps(text, "test.mps"), "test.mps"); }

std::string error_of(std::string_view text) {
  try {
    imported(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

constexpr std::string_view kEverySense = R"(NAME EVERY
ROWS
 N COST
 L LESS
 G MORE
 E SAME
 L RANGE
COLUMNS
 X COST 1 LESS 2
 X MORE 3 SAME 4
 Y COST -1 MORE 5
 Y RANGE 6
RHS
 RHS LESS 10 MORE 20
 RHS SAME 30 RANGE 40
 RHS COST -7
RANGES
 RNG RANGE 15
BOUNDS
 UP BND X 8
 FR BND Y
ENDATA
)";

TEST(FromMps, FlipsGreaterRowsAndSplitsRanges) {
  const Imported result = imported(kEverySense);
  const Instance& p = result.instance;
  EXPECT_EQ(result.name, "EVERY");
  EXPECT_EQ(p.m, 5);
  EXPECT_EQ(p.n, 2);
  // 2x <= 10,  -3x - 5y <= -20,  4x = 30,  6y <= 40,  -6y <= -25
  EXPECT_THAT(p.row, ElementsAre(0, 1, 1, 2, 3, 4));
  EXPECT_THAT(p.column, ElementsAre(0, 0, 1, 0, 1, 1));
  EXPECT_THAT(p.value, ElementsAre(2, -3, -5, 4, 6, -6));
  EXPECT_THAT(p.b, ElementsAre(10, -20, 30, 40, -25));
  EXPECT_THAT(p.equality, ElementsAre(0, 0, 1, 0, 0));
  EXPECT_THAT(p.l, ElementsAre(0, -kInfinity));
  EXPECT_THAT(p.u, ElementsAre(8, kInfinity));
  EXPECT_THAT(p.c, ElementsAre(1, -1));
  EXPECT_THAT(result.variable_names, ElementsAre("X", "Y"));
  EXPECT_EQ(result.rows[1].row, 1);
  EXPECT_EQ(result.rows[1].sign, -1);
  EXPECT_EQ(result.rows[4].row, 3);
  EXPECT_EQ(result.model_objective(5), 12);  // an RHS of -7 on the objective row is a constant of 7
}

TEST(FromMps, AMaximumIsTheNegatedMinimum) {
  const Imported result = imported(
      "NAME MAXIMUM\nOBJSENSE\n MAX\nROWS\n N COST\n L ROW\nCOLUMNS\n X COST 3 ROW 1\nRHS\n RHS ROW 4 COST "
      "-1\nENDATA\n");
  EXPECT_THAT(result.instance.c, ElementsAre(-3));
  const SimplexResult solved = simplex(result.instance);
  ASSERT_EQ(solved.outcome, Outcome::optimal);
  EXPECT_NEAR(result.model_objective(solved.objective), 13, 1e-12);  // 3 * 4 + 1
}

TEST(FromMps, AModelWithoutConstraintsGetsOneThatAlwaysHolds) {
  const Imported result = imported("NAME BOUNDS\nROWS\n N COST\nCOLUMNS\n X COST 2\nBOUNDS\n LO BND X 3\nENDATA\n");
  EXPECT_EQ(result.instance.m, 1);
  EXPECT_EQ(result.instance.b[0], 0);
  EXPECT_TRUE(result.instance.value.empty());
  EXPECT_EQ(result.rows[0].row, -1);
  const SimplexResult solved = simplex(result.instance);
  ASSERT_EQ(solved.outcome, Outcome::optimal);
  EXPECT_EQ(solved.objective, 6);
}

TEST(FromMps, RefusesIntegerColumnsAndEmptyModels) {
  EXPECT_THAT(error_of("NAME INTEGER\nROWS\n N COST\n L ROW\nCOLUMNS\n X COST 1 ROW 1\nBOUNDS\n BV BND X\nENDATA\n"),
              HasSubstr("test.mps has 1 integer columns ('X' is the first); only continuous"));
  io::MpsModel empty;
  try {
    from_mps(empty, "empty.mps");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("empty.mps has no columns; there is nothing to solve"));
  }
}

}  // namespace
}  // namespace fathom::lp
