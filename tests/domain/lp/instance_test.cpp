#include "fathom/domain/lp/instance.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::lp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Instance small() {
  return {.m = 2,
          .n = 2,
          .row = {0, 0, 1},
          .column = {0, 1, 1},
          .value = {1, 2, 3},
          .b = {4, 5},
          .equality = {0, 1},
          .c = {1, -1},
          .l = {0, -kInfinity},
          .u = {kInfinity, 7}};
}

std::string error_after(const std::function<void(Instance&)>& change) {
  Instance p = small();
  change(p);
  try {
    validate(p);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Instance, ObjectiveAndActivity) {
  EXPECT_EQ(objective(small(), {3, 5}), -2);
  EXPECT_THAT(activity(small(), {3, 5}), ElementsAre(13, 15));
}

TEST(Instance, ValidatePassesWhatIsWhole) {
  EXPECT_EQ(error_after([](Instance&) {}), "no error");
  EXPECT_EQ(error_after([](Instance& p) { p.l[0] = 1, p.u[0] = 0; }), "no error");  // infeasible, but a program
}

TEST(Instance, ValidateNamesWhatIsWrong) {
  EXPECT_THAT(error_after([](Instance& p) { p.b.pop_back(); }), HasSubstr("[lp::validate] b.size() = 1 violates = 2"));
  EXPECT_THAT(error_after([](Instance& p) { p.column[2] = 2; }), HasSubstr("column = 2 violates in [0, 2)"));
  EXPECT_THAT(error_after([](Instance& p) { p.row[0] = -1; }), HasSubstr("row = -1 violates in [0, 2)"));
  EXPECT_THAT(error_after([](Instance& p) { p.column[1] = 0; }),
              HasSubstr("nonzero = 1 violates order by row, then column"));
  EXPECT_THAT(error_after([](Instance& p) { p.c[0] = std::nan(""); }), HasSubstr("c = nan violates finite"));
  EXPECT_THAT(error_after([](Instance& p) { p.l[0] = kInfinity; }), HasSubstr("l = inf violates < inf"));
  EXPECT_THAT(error_after([](Instance& p) { p.u[1] = std::nan(""); }), HasSubstr("u = nan violates > -inf"));
  EXPECT_THAT(error_after([](Instance& p) { p = {}; }), HasSubstr("n = 0 violates >= 1"));
}

}  // namespace
}  // namespace fathom::lp
