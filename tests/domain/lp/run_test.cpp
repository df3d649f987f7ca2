// The study end to end on a few tiny programs: files, resume, figures, checks.
#include "fathom/domain/lp/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/lp/batch.h"
#include "fathom/domain/lp/checks.h"
#include "fathom/domain/lp/quality.h"
#include "fathom/domain/lp/run_files.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::lp {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

Config tiny() {
  Config config = preset("quick");
  config.data.train = 6;
  config.data.test = 5;
  config.embeddings = {4};
  config.stage1 = {.epochs = 12, .lr = 1e-2, .depth = 3, .least_depth = 1};
  config.stage2 = {.epochs = 6, .lr = 1e-3, .depth = 4, .least_depth = 2};
  config.rivals = {.rounds = 3, .learning_rates = {1e-2, 1e-3}, .trial_epochs = 3, .equal_time = false};
  config.study = {.iterations = 10, .test_iterations = 4, .perturbation = 1e-4, .perturbed = 3};
  return config;
}

class LpRun : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_level(base::Level::quiet);
    tensor::set_threads(1);
    root_ = fs::temp_directory_path() / ("fathom-lp-" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override {
    fs::remove_all(root_);
    base::set_level(base::Level::info);
  }
  lp::Run run(const char* name) const { return {.folder = root_ / name, .seed = 3}; }

  fs::path root_;
};

TEST_F(LpRun, DataAreReadBackAndRedrawnWhenOptionsChange) {
  Config config = tiny();
  const Splits first = make_data(config, run("a")), again = make_data(config, run("a"));
  EXPECT_EQ(first.sha256, again.sha256);
  EXPECT_EQ(first.train.instances, again.train.instances);
  EXPECT_EQ(first.test.solutions, again.test.solutions);
  EXPECT_EQ(first.statistics, again.statistics);
  EXPECT_EQ(first.sha256, make_data(config, run("elsewhere")).sha256);
  config.data.train = 7;
  EXPECT_NE(first.sha256, make_data(config, run("a")).sha256);
}

TEST_F(LpRun, DamagedDataAreRefused) {
  const Splits splits = make_data(tiny(), run("b"));
  const fs::path file = root_ / "b/data.safetensors";
  std::string bytes = base::read_file(file);
  bytes[bytes.size() - 9] ^= 1;
  base::write_atomically(file, bytes);
  try {
    load_splits(file);
    FAIL() << "changed numbers were taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("hash"));
  }
}

TEST_F(LpRun, TrainsMeasuresAndRecords) {
  const Config config = tiny();
  const Splits data = make_data(config, run("c"));
  ASSERT_TRUE(train_models(config, run("c"), data));
  const base::StudyRecord record = evaluate(config, run("c"), data);

  ASSERT_EQ(record.models.size(), 6u);  // implicit, two explicit, three baselines
  EXPECT_EQ(record.models[0].name, "implicit-4");
  EXPECT_EQ(record.models[0].parameters, 722);
  EXPECT_EQ(record.models[1].parameters, 580);
  EXPECT_EQ(record.models[2].name, "explicit-4x3");
  for (const base::ModelResult& model : record.models) {
    EXPECT_TRUE(std::isfinite(model.test) && std::isfinite(model.train)) << model.name;
    EXPECT_TRUE(std::isnan(model.test_std)) << "one seed has no spread";
  }
  const auto curve = [&](const std::string& model, const std::string& quantity,
                         const std::string& group) -> const base::Curve& {
    for (const base::Curve& c : record.curves) {
      if (c.model == model && c.quantity == quantity && c.group == group) return c;
    }
    throw std::logic_error(model + " " + quantity + " " + group);
  };
  const base::Curve& error = curve("implicit-4", "error", "all");
  ASSERT_EQ(error.t.size(), 11u);
  EXPECT_NEAR(error.mean[4], record.models[0].test, 1e-12);      // the table's line is the curve's point
  EXPECT_EQ(curve("implicit-4", "residual", "all").mean[0], 1);  // from y = 0: ||G(0) - 0|| / ||G(0)||
  for (const char* group : {"A", "b", "c", "l", "u"}) {
    EXPECT_EQ(curve("implicit-4", "lipschitz", group).t.size(), 11u);
    EXPECT_EQ(curve("explicit-4", "lipschitz", group).t.size(), 2u);
    EXPECT_GT(curve("explicit-4", "lipschitz", group).mean[0], 0);
  }
  EXPECT_FALSE(record.checks.empty());
  EXPECT_EQ(record.data_sha256, data.sha256);
}

class LpResume : public LpRun, public ::testing::WithParamInterface<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(AllProgramsOrFourAnUpdate, LpResume, ::testing::Values(0, 4));

TEST_P(LpResume, InterruptedAndResumedTrainingEqualsUninterruptedBitForBit) {
  Config config = tiny();
  config.stage1.batch = config.stage2.batch = GetParam();
  const Splits data = make_data(config, run("whole"));
  ASSERT_TRUE(train_models(config, run("whole"), data));

  // Stop each model's training again and again: the flag is set before every start.
  std::atomic<bool> stop = true;
  lp::Run parts = run("parts");
  parts.resume = true;
  parts.stop = &stop;
  EXPECT_FALSE(train_models(config, parts, data));  // stopped before the first step
  Config shorter = config;
  shorter.stage1.epochs = 5;
  shorter.rivals.train = false;
  parts.stop = nullptr;
  ASSERT_TRUE(train_models(shorter, parts, data));  // five epochs, and a second stage that is thrown away
  for (const auto& entry : fs::directory_iterator(parts.folder / "train")) {
    if (entry.path().filename().string().find("stage2") != std::string::npos) fs::remove(entry.path());
  }
  fs::remove_all(parts.folder / "models");
  ASSERT_TRUE(train_models(config, parts, data));

  for (const ModelSpec& spec : models_of(config)) {
    const Trained a = load_trained(RunFiles(root_ / "whole").model(spec.name, 3)),
                  b = load_trained(RunFiles(root_ / "parts").model(spec.name, 3));
    const std::vector<Tensor> pa = a.model->parameters(), pb = b.model->parameters();
    for (std::size_t i = 0; i < pa.size(); ++i)
      EXPECT_EQ(tensor::to_doubles(pa[i]), tensor::to_doubles(pb[i])) << spec.name;
    EXPECT_EQ(a.loss, b.loss) << spec.name;
  }
}

TEST_F(LpRun, SeveralSeedsGiveMeanAndSpread) {
  Config config = tiny();
  config.rivals.train = false;
  lp::Run both = run("d");
  both.seeds = 2;
  const Splits data = make_data(config, both);
  ASSERT_TRUE(train_models(config, both, data));
  const base::ModelResult together = evaluate(config, both, data).models[0];
  std::vector<double> single;
  for (const std::uint64_t seed : {3, 4}) {
    lp::Run one = both;
    one.seeds = 1;
    one.seed = seed;
    single.push_back(evaluate(config, one, data).models[0].test);
  }
  EXPECT_EQ(together.seeds, 2);
  EXPECT_NEAR(together.test, (single[0] + single[1]) / 2, 1e-12);
  EXPECT_NEAR(together.test_std, std::abs(single[0] - single[1]) / std::sqrt(2.0), 1e-12);
  EXPECT_GT(together.extra_std.at("infeasibility"), 0);
  EXPECT_GT(together.extra_std.at("objective gap"), 0);
}

TEST_F(LpRun, ImplicitGradientTrainsToo) {
  Config config = tiny();
  config.rivals.train = false;
  config.stage1.gradient = config.stage2.gradient = "implicit";
  config.stage1.depth = 8;
  const Splits data = make_data(config, run("e"));
  ASSERT_TRUE(train_models(config, run("e"), data));
  const Trained trained = load_trained(RunFiles(root_ / "e").model("implicit-4", 3));
  EXPECT_LT(trained.train_loss, trained.loss.front());
}

TEST_F(LpRun, AMissingModelIsNamed) {
  const Config config = tiny();
  const Splits data = make_data(config, run("f"));
  try {
    evaluate(config, run("f"), data);
    FAIL() << "models that were never trained were measured";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("implicit-4-seed3.safetensors"));
  }
}

TEST(LpChecks, SayTrueAndFalse) {
  base::StudyRecord record;
  record.models = {{.name = "implicit-8", .kind = "implicit", .test = 0.2},
                   {.name = "explicit-8", .kind = "explicit", .test = 0.15},
                   {.name = "explicit-16", .kind = "explicit", .test = 0.1},  // another width is no rival
                   {.name = "zero", .kind = "baseline", .test = 0.98}};
  record.statistics["training_depth"] = 2;
  record.curves = {
      {"implicit-8", "error", "all", {0, 1, 2, 3, 4, 5, 6, 7, 8}, {1, .5, .2, .2, .21, .2, .2, .2, .25}, {}, {}},
      {"implicit-8", "lipschitz", "A", {0, 1, 2}, {9, 1, 2}, {}, {}},
      {"implicit-8", "lipschitz", "b", {0, 1, 2}, {0, 2, 1}, {}, {}}};
  append_checks(record);
  std::vector<bool> ok;
  for (const base::Check& check : record.checks) ok.push_back(check.ok);
  // < 0.40, < explicit-8 (no), < zero, stable at 2x, at 4x (no: 1.25), Lipschitz A rises, b does not.
  EXPECT_EQ(ok, (std::vector<bool>{true, false, true, true, false, true, false}));
  EXPECT_NEAR(record.checks[3].value, 1.05, 1e-12);
}

TEST(LpQuality, MeasuresGapAndViolation) {
  const Instance instance{.m = 1,
                          .n = 2,
                          .row = {0, 0},
                          .column = {0, 1},
                          .value = {1, 1},
                          .b = {3},
                          .equality = {0},
                          .c = {-1, -1},
                          .l = {0, 0},
                          .u = {2, 2}};
  const Dataset data{{instance}, {{1, 2}}};  // optimum -3
  EXPECT_EQ(violation(instance, {1, 2}), 0);
  EXPECT_EQ(violation(instance, {2, 2}), 1);
  EXPECT_EQ(violation(instance, {-0.5, 2.25}), 0.5);
  const Quality good = quality_of(data, {1, 2}), bad = quality_of(data, {2, 2});
  EXPECT_EQ(good.objective_gap, 0);
  EXPECT_EQ(good.infeasibility, 0);
  EXPECT_EQ(bad.objective_gap, 0.25);  // |-4 + 3| / (1 + 3)
  EXPECT_EQ(bad.infeasibility, 0.25);  // 1 / (1 + 3)
  EXPECT_THROW(quality_of(data, {1}), Error);
}

}  // namespace
}  // namespace fathom::lp
