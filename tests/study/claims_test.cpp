#include "fathom/study/claims.h"

#include <gtest/gtest.h>

namespace fathom::study {
namespace {

base::StudyRecord record_of(std::vector<double> lipschitz) {
  base::StudyRecord record;
  base::Curve curve{"m", "largest lipschitz", "all", {}, std::move(lipschitz), {}, {}};
  for (std::size_t t = 1; t <= curve.mean.size(); ++t) curve.t.push_back(static_cast<double>(t));
  record.curves = {{"m", "error", "a", {1}, {1}, {0}, {1}}, {"m", "error", "b", {1}, {2}, {0}, {2}}, curve};
  return record;
}

TEST(Claims, ACurveIsFoundByItsNamesAndByGroupWhereAsked) {
  const base::StudyRecord record = record_of({1});
  EXPECT_EQ(find_curve(record, "m", "error"), &record.curves[0]);
  EXPECT_EQ(find_curve(record, "m", "error", "b"), &record.curves[1]);
  EXPECT_EQ(find_curve(record, "n", "error"), nullptr);
  EXPECT_EQ(find_curve(record, "m", "error", "c"), nullptr);
}

TEST(Claims, ThePointIsTheFirstAtOrBeyondTElseTheLast) {
  const base::Curve curve{"m", "q", "all", {1, 5, 20}, {0, 0, 0}, {}, {}};
  EXPECT_EQ(point_at(curve, 0), 0u);
  EXPECT_EQ(point_at(curve, 5), 1u);
  EXPECT_EQ(point_at(curve, 6), 2u);
  EXPECT_EQ(point_at(curve, 100), 2u);
}

TEST(Claims, BoundsHoldWithEquality) {
  base::StudyRecord record;
  claim_at_most(record, "a", 2, 2);
  claim_at_most(record, "b", 2.1, 2);
  claim_at_least(record, "c", 2, 2);
  claim_at_least(record, "d", 1.9, 2);
  ASSERT_EQ(record.checks.size(), 4u);
  EXPECT_TRUE(record.checks[0].ok && record.checks[2].ok);
  EXPECT_FALSE(record.checks[1].ok || record.checks[3].ok);
}

TEST(Claims, LipschitzRisesThenSaturates) {
  const auto ok_of = [](std::vector<double> lipschitz) {
    base::StudyRecord record = record_of(std::move(lipschitz));
    claim_lipschitz_saturates(record, "m");
    std::vector<bool> ok;
    for (const base::Check& check : record.checks) ok.push_back(check.ok);
    return ok;
  };
  EXPECT_EQ(ok_of({1, 3, 3, 3.1}), (std::vector<bool>{true, true}));
  EXPECT_EQ(ok_of({1, 2, 3, 4}), (std::vector<bool>{true, false}));
  EXPECT_EQ(ok_of({4, 3, 3, 3}), (std::vector<bool>{false, true}));
  EXPECT_TRUE(ok_of({1, 2, 3}).empty());
}

}  // namespace
}  // namespace fathom::study
