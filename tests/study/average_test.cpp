#include "fathom/study/average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace fathom::study {
namespace {

using ::testing::ElementsAre;

Measured run(double test, std::vector<double> mean) {
  Measured m;
  m.result = {.name = "m", .kind = "implicit", .test = test};
  m.result.extra = {{"steps", 10 * test}};
  std::vector<double> t;
  for (std::size_t i = 0; i < mean.size(); ++i) t.push_back(static_cast<double>(i));
  m.curves = {{"m", "error", "all", t, mean, std::vector<double>(mean.size(), 0.5), mean}};
  return m;
}

TEST(Average, FiguresHaveTheirSpreadOverTheRuns) {
  const base::ModelResult result = average({run(1, {}), run(3, {})});
  EXPECT_EQ(result.test, 2);
  EXPECT_DOUBLE_EQ(result.test_std, std::sqrt(2.0));
  EXPECT_EQ(result.extra.at("steps"), 20);
  EXPECT_DOUBLE_EQ(result.extra_std.at("steps"), std::sqrt(200.0));
  EXPECT_EQ(result.seeds, 2);
  EXPECT_TRUE(std::isnan(average({run(1, {})}).test_std)) << "one run has no spread";
}

TEST(Average, CurvesAreAveragedPointByPointAndTheShorterStaysAtItsEnd) {
  const base::Curve curve = average_curves({run(1, {1, 2, 3}), run(1, {3, 6})}).front();
  EXPECT_THAT(curve.mean, ElementsAre(2, 4, 4.5));
  EXPECT_THAT(curve.max, ElementsAre(3, 6, 6));
  EXPECT_THAT(curve.std, ElementsAre(0.5, 0.5, 0.5));
}

}  // namespace
}  // namespace fathom::study
