#include "fathom/domain/lp/refine.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/from_mps.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/scaling.h"

namespace fathom::lp {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ---- real models, from the folder that FATHOM_DATA names

struct RealModel {
  std::string name;
  Imported imported;
  double optimum = 0;  // of the model, as two other solvers found it
};

std::optional<std::filesystem::path> netlib() {
  const char* root = std::getenv("FATHOM_DATA");
  if (!root || !*root) return std::nullopt;
  const std::filesystem::path folder = std::filesystem::path(root) / "netlib";
  return std::filesystem::exists(folder / "index.json") ? std::optional(folder) : std::nullopt;
}

std::vector<RealModel> real_models() {
  const std::filesystem::path folder = *netlib();
  const nlohmann::json index = nlohmann::json::parse(base::read_file(folder / "index.json"));
  std::vector<RealModel> models;
  for (const auto& [name, about] : index.items()) {
    const std::filesystem::path path = folder / (name + ".mps");
    models.push_back(
        {name, from_mps(io::read_mps(path), path.string()), std::stod(about["obj_clp"].get<std::string>())});
  }
  return models;
}

constexpr const char* kNoData = "FATHOM_DATA names no folder with netlib/index.json: real models are not tested";

void expect_optimum(const RealModel& model, const Refinement& refined) {
  ASSERT_EQ(refined.outcome, Outcome::optimal) << model.name << ": " << refined.message;
  EXPECT_NEAR(model.imported.model_objective(refined.objective), model.optimum, 1e-6 * std::abs(model.optimum))
      << model.name;
  EXPECT_LE(measures_of(model.imported.instance, refined.x).relative_violation, 1e-8) << model.name;
  EXPECT_TRUE(refined.certificate.holds(1e-8)) << model.name;
  EXPECT_FALSE(refined.from_cold) << model.name;
}

TEST(RefineNetlib, FromTheOptimumNeedsAtMostATenthOfTheColdIterations) {
  if (!netlib()) GTEST_SKIP() << kNoData;
  const std::vector<RealModel> models = real_models();
  EXPECT_GE(models.size(), 8u);
  for (const RealModel& model : models) {
    const SimplexResult solved = simplex(model.imported.instance);
    const Refinement refined = refine(model.imported.instance, solved.x);
    expect_optimum(model, refined);
    ASSERT_GT(refined.cold_iterations, 10) << model.name;
    EXPECT_LE(10 * refined.iterations, refined.cold_iterations) << model.name;
    RecordProperty(model.name, std::to_string(refined.iterations) + " of " + std::to_string(refined.cold_iterations));
  }
}

// What a network hands over: numbers in single precision, in the units of the training distribution.
TEST(RefineNetlib, FromTheOptimumInSinglePrecisionItIsFeltToo) {
  if (!netlib()) GTEST_SKIP() << kNoData;
  for (const RealModel& model : real_models()) {
    const Scaled scaled = scale(model.imported.instance);
    std::vector<double> x = scaled.scale(simplex(model.imported.instance).x);
    for (double& value : x) value = static_cast<float>(value);
    const Refinement refined = refine(model.imported.instance, scaled.unscale(x));
    expect_optimum(model, refined);
    EXPECT_LE(10 * refined.iterations, refined.cold_iterations) << model.name;
  }
}

TEST(RefineNetlib, FromARandomPointItStillFindsTheOptimum) {
  if (!netlib()) GTEST_SKIP() << kNoData;
  for (const RealModel& model : real_models()) {
    base::Random random(3);
    for (const double size : {1.0, 1e4}) {
      std::vector<double> x;
      for (std::int64_t j = 0; j < model.imported.instance.n; ++j) x.push_back(size * random.normal());
      expect_optimum(model, refine(model.imported.instance, x));
    }
  }
}

TEST(RefineNetlib, FromTheOriginItStillFindsTheOptimum) {
  if (!netlib()) GTEST_SKIP() << kNoData;
  for (const RealModel& model : real_models()) {
    expect_optimum(model,
                   refine(model.imported.instance, std::vector<double>(model.imported.variable_names.size(), 0.0)));
  }
}

// ---- programs of the training distribution

TEST(Refine, FromTheOptimumNeedsNoIterationFromARandomPointItEndsThere) {
  base::Random random(5);
  const Dataset data = generate({}, 40, 3, "refine", Protocol::exact).data;
  for (std::size_t k = 0; k < data.instances.size(); ++k) {
    const Instance& p = data.instances[k];
    const Refinement near = refine(p, data.solutions[k]);
    EXPECT_EQ(near.outcome, Outcome::optimal);
    EXPECT_EQ(near.iterations, 0);
    std::vector<double> x;
    for (std::int64_t j = 0; j < p.n; ++j) x.push_back(30 * random.normal());  // out of bounds too: it is clipped
    const Refinement far = refine(p, x);
    ASSERT_EQ(far.outcome, Outcome::optimal);
    EXPECT_NEAR(far.objective, near.objective, 1e-9 * (1 + std::abs(near.objective)));
    EXPECT_THAT(far.message, HasSubstr("simplex iterations from the prediction"));
  }
}

Instance box() {
  return {.m = 1,
          .n = 2,
          .row = {0, 0},
          .column = {0, 1},
          .value = {1, 1},
          .b = {3},
          .equality = {0},
          .c = {-1, -1},
          .l = {0, 0},
          .u = {kInfinity, kInfinity}};
}

TEST(Refine, InfeasibleAndUnboundedAreOutcomesWithAMessage) {
  Instance infeasible = box();
  infeasible.b = {-1};
  const Refinement none = refine(infeasible, {1, 1});
  EXPECT_EQ(none.outcome, Outcome::infeasible);
  EXPECT_THAT(none.message, HasSubstr("infeasible"));
  Instance unbounded = box();
  unbounded.value = {1, -1};
  const Refinement endless = refine(unbounded, {1, 1});
  EXPECT_EQ(endless.outcome, Outcome::unbounded);
  EXPECT_THAT(endless.message, HasSubstr("unbounded"));
}

TEST(Refine, RefusesAPredictionThatIsNone) {
  EXPECT_THROW(refine(box(), {1}), Error);
  EXPECT_THROW(refine(box(), {1, std::nan("")}), Error);
  EXPECT_THROW(refine(box(), {1, kInfinity}), Error);
}

TEST(Measures, OfAPointOutside) {
  const Measures m = measures_of(box(), {4, -2});
  EXPECT_EQ(m.objective, -2);
  EXPECT_EQ(m.violation, 2);                                    // x2 >= 0 by 2; the row holds
  EXPECT_EQ(m.relative_violation, 2);                           // over 1 + |0|
  EXPECT_EQ(measures_of(box(), {7, 0}).relative_violation, 1);  // 7 - 3 over 1 + 3
  EXPECT_EQ(measures_of(box(), {1, 1}).violation, 0);
  EXPECT_DOUBLE_EQ(relative_gap(-2, -3), 0.25);
}

TEST(Certificate, RefusesWhatIsNotOptimal) {
  SimplexResult solved = simplex(box());
  EXPECT_TRUE(certificate_of(box(), solved).holds(1e-12));
  SimplexResult worse = solved;
  worse.x = {0, 0};
  worse.objective = 0;
  EXPECT_FALSE(certificate_of(box(), worse).holds(1e-6));
  SimplexResult wrong_dual = solved;
  wrong_dual.y = {1};  // pays for breaking the row
  EXPECT_GT(certificate_of(box(), wrong_dual).dual, 0.1);
}

}  // namespace
}  // namespace fathom::lp
