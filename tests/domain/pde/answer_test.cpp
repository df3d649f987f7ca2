#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/answer.h"
#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/generate.h"
#include "fathom/domain/pde/model.h"
#include "fathom/tensor/convert.h"

namespace fathom::pde {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

constexpr double kViscosity = 0.02;

// Flows of a small grid whose Stokes start needs several Newton steps.
FlowArrays flows(std::int64_t count, double size = 4e-3) {
  const Generator generator({.grid = 24, .viscosity = kViscosity, .solved = {.peak = 2, .spread = 1, .size = size}}, 0,
                            "answer test");
  std::vector<double> forcing, vorticity;
  for (const Pair& pair : generator.draw(0, count)) {
    forcing.insert(forcing.end(), pair.forcing.begin(), pair.forcing.end());
    vorticity.insert(vorticity.end(), pair.vorticity.begin(), pair.vorticity.end());
  }
  return {tensor::from_doubles(forcing, {count, 2, 24, 24}, at::kDouble),
          tensor::from_doubles(vorticity, {count, 24, 24}, at::kDouble)};
}

// A network that was never trained.
Trained untrained() {
  Trained trained;
  trained.spec = {"implicit-4", {.width = 4, .modes = 3}};
  trained.model = make_model(trained.spec.options, 0);
  trained.scaling = {.forcing = 4e-3, .vorticity = 0.1};
  trained.training.viscosity = kViscosity;
  return trained;
}

TEST(Refine, AGoodStartSavesProductsAndEndsInTheSameFlow) {
  const FlowArrays given = flows(3);
  const Refined refined = refine(Flow(24), given.forcing, given.vorticity * 1.01, kViscosity);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(refined.from_start[i].solved);
    ASSERT_TRUE(refined.from_stokes[i].solved);
    EXPECT_EQ(refined.from_stokes[i].solves, 1) << "the Stokes start goes for the full forcing at once";
    EXPECT_LT(refined.from_start[i].products, refined.from_stokes[i].products);
    EXPECT_LE(refined.apart[i], 1e-9);
  }
  EXPECT_LE((refined.vorticity - given.vorticity).norm().item<double>(), 1e-9 * given.vorticity.norm().item<double>());
}

TEST(Refine, ASampleDoesNotDependOnTheOthers) {
  const FlowArrays given = flows(3);
  const Tensor start = given.vorticity * 1.1;
  const Refined together = refine(Flow(24), given.forcing, start, kViscosity);
  const Refined alone = refine(Flow(24), given.forcing.narrow(0, 2, 1), start.narrow(0, 2, 1), kViscosity);
  EXPECT_TRUE(alone.vorticity[0].equal(together.vorticity[2]));
  EXPECT_EQ(alone.from_start[0].products, together.from_start[2].products);
}

TEST(Refine, AStartThatIsNotTheGridsIsRefused) {
  const FlowArrays given = flows(1);
  EXPECT_THAT([&] { refine(Flow(16), given.forcing, given.vorticity, kViscosity); },
              ThrowsMessage<Error>(HasSubstr("violate = 16 x 16")));
}

TEST(Answer, PredictsJudgesAndRefines) {
  const FlowArrays given = flows(2);
  const Answer plain = answer(untrained(), given, {.iterations = 5});
  EXPECT_EQ(plain.vorticity.sizes(), at::IntArrayRef({2, 24, 24}));
  EXPECT_EQ(plain.viscosity, kViscosity) << "that of the model's flows";
  EXPECT_TRUE(plain.vorticity.equal(plain.predicted));
  EXPECT_EQ(plain.residual, plain.predicted_residual);
  EXPECT_THAT(plain.solution.iterations, SizeIs(2));
  EXPECT_THAT(plain.error, SizeIs(2));
  EXPECT_FALSE(plain.refined.has_value());

  const Answer refined = answer(untrained(), given, {.iterations = 5, .refine = true});
  EXPECT_EQ(refined.predicted_residual, plain.predicted_residual);
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(refined.refined->solved(i));
    EXPECT_LE(refined.residual[i], 1e-10);
  }
  EXPECT_THAT(refined.error, Each(testing::Le(1e-8))) << "the file's flows are those of the Stokes branch";
}

TEST(Answer, AnotherGridIsAnsweredToo) {
  FlowArrays given = flows(1);
  given = {given.forcing.narrow(2, 0, 16).narrow(3, 0, 16), {}};  // some forcing on another grid
  const Answer coarse = answer(untrained(), given, {.iterations = 3});
  EXPECT_EQ(coarse.vorticity.sizes(), at::IntArrayRef({1, 16, 16}));
  EXPECT_TRUE(coarse.error.empty());
}

TEST(Answer, AsksForAViscosityThatNobodyNames) {
  Trained trained = untrained();
  trained.training.viscosity = 0;
  EXPECT_THAT([&] { answer(trained, flows(1)); }, ThrowsMessage<Error>(HasSubstr("give one")));
  EXPECT_EQ(answer(trained, flows(1), {.iterations = 2, .viscosity = 0.5}).viscosity, 0.5);
}

TEST(Answer, IsPicturedARowAFlow) {
  const FlowArrays given = flows(3);
  const Answer refined = answer(untrained(), given, {.iterations = 3, .refine = true});
  const base::FieldFigure all = picture_of(given, refined), some = picture_of(given, refined, 2);
  EXPECT_EQ(all.columns, 6);
  EXPECT_THAT(all.panels, SizeIs(18));
  EXPECT_THAT(some.panels, SizeIs(12));
  EXPECT_EQ(all.panels[3].title, "refined");
  for (const base::FieldFigure::Panel& panel : all.panels) EXPECT_THAT(panel.level, SizeIs(24 * 24));
  EXPECT_EQ(picture_of({given.forcing, {}}, answer(untrained(), {given.forcing, {}})).columns, 3);
}

}  // namespace
}  // namespace fathom::pde
