#include "fathom/train/loss_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fathom::train {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LossCurve, PointsAreMeansOfStretchesAtTheirEnds) {
  const LossCurve curve = thinned({1, 3, 5, 7, 9}, 3);
  EXPECT_THAT(curve.step, ElementsAre(2, 4, 5));
  EXPECT_THAT(curve.loss, ElementsAre(2, 6, 9));
}

TEST(LossCurve, FewLossesStayAndNoneIsNoPoint) {
  EXPECT_THAT(thinned({4, 2}).loss, ElementsAre(4, 2));
  EXPECT_THAT(thinned({}).step, IsEmpty());
  EXPECT_LE(thinned(std::vector<double>(1001, 1.0)).step.size(), 200u);
}

TEST(LossCurve, AFileGivesBackWhatItWasGiven) {
  const LossCurve curve{{2, 4}, {0.5, 0.25}};
  io::Safetensors file;
  append_curve(file, curve);
  EXPECT_EQ(read_curve(file).step, curve.step);
  EXPECT_EQ(read_curve(file).loss, curve.loss);
}

}  // namespace
}  // namespace fathom::train
