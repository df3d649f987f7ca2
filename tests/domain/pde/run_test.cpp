// The study of steady flows end to end on tiny networks: files, resume, gradients, curves, checks.
#include "fathom/domain/pde/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <limits>
#include <thread>

#include <ATen/TensorOperators.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/pde/checks.h"
#include "fathom/domain/pde/model.h"
#include "fathom/domain/pde/predict.h"
#include "fathom/domain/pde/run_files.h"
#include "fathom/measure/metrics.h"
#include "fathom/tensor/device.h"

namespace fathom::pde {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config tiny() {
  Config config = preset("quick");
  config.data.train = 6;
  config.data.test = 3;
  config.data.generate = {.grid = 16, .viscosity = 0.05, .solved = {.peak = 2, .spread = 1, .size = 1e-3}};
  config.network = {.width = 4, .modes = 3};
  config.train.epochs = 2;
  config.train.batch = 4;
  config.train.symmetries = false;  // six flows are to be learnt in sixty updates
  config.train.warmup = 1;
  config.train.pretrain = 2;
  config.train.pretrain_depth = 2;
  config.train.solver_steps = 4;
  config.rivals.depths = {1, 2};
  config.rivals.widths = {5};
  config.study = {.iterations = 6, .batch = 2, .perturbed = 2, .frequencies = {.1, .5}, .pictured = {1, 6}};
  return config;
}

class PdeRun : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_level(base::Level::quiet);
    tensor::set_threads(1);
    root_ = fs::temp_directory_path() / ("fathom-pde-" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override {
    fs::remove_all(root_);
    base::set_level(base::Level::info);
  }
  pde::Run run(const char* name) const { return {.folder = root_ / name, .seed = 3}; }
  FlowData data(const Config& config, const pde::Run& run) const {
    return make_data(config.data, run.folder, run.seed).value();
  }
  base::StudyRecord study(const Config& config, const pde::Run& run) const {
    const FlowData flows = data(config, run);
    EXPECT_TRUE(train_models(config, run, flows));
    return evaluate(config, run, flows);
  }

  fs::path root_;
};

const base::Curve* find(const base::StudyRecord& record, const std::string& model, const std::string& quantity,
                        const std::string& group = "all") {
  for (const base::Curve& curve : record.curves) {
    if (curve.model == model && curve.quantity == quantity && curve.group == group) return &curve;
  }
  return nullptr;
}

TEST_F(PdeRun, NamesAndParametersOfTheRivals) {
  std::vector<std::string> names;
  for (const ModelSpec& spec : models_of(tiny())) names.push_back(spec.name);
  EXPECT_THAT(names, ElementsAre("implicit-4", "fno-4", "fno++norm-4", "fno++-4", "fno++-4x2", "fno++-5"));
  const std::vector<ModelSpec> models = models_of(preset("paper"));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(parameter_count(models[i].options), 2376481) << models[i].name;
}

TEST_F(PdeRun, TheStudyRecordsEveryQuantityOfEveryModel) {
  const Config config = tiny();
  const base::StudyRecord record = study(config, run("a"));
  EXPECT_EQ(record.domain, "pde");
  EXPECT_EQ(record.train_samples, 6);
  EXPECT_EQ(record.test_samples, 3);
  ASSERT_EQ(record.models.size(), 6u);
  for (const base::ModelResult& model : record.models) {
    EXPECT_TRUE(std::isfinite(model.test) && model.test > 0) << model.name;
    EXPECT_TRUE(std::isfinite(model.extra.at("PDE residual"))) << model.name;
    const base::Curve* error = find(record, model.name, "error");
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->mean.back(), model.test);
    EXPECT_EQ(error->t.size(), model.kind == "implicit" ? 6u : 2u);
    EXPECT_EQ(error->t.back(), 6);
    for (const char* group : {"k = 1", "k = 2"}) {
      const base::Curve* lipschitz = find(record, model.name, "lipschitz", group);
      ASSERT_NE(lipschitz, nullptr) << model.name << " " << group;
      EXPECT_TRUE(std::isfinite(lipschitz->mean.back()));
    }
    ASSERT_NE(find(record, model.name, "largest lipschitz"), nullptr);
    ASSERT_NE(find(record, model.name, "pde residual"), nullptr);
    EXPECT_EQ(find(record, model.name, "residual") != nullptr, model.kind == "implicit");
  }
  const base::Curve* truth = find(record, "solution operator", "largest lipschitz");
  ASSERT_NE(truth, nullptr);
  EXPECT_GT(truth->mean.front(), 0);
  ASSERT_EQ(record.fields.size(), 1u);
  EXPECT_EQ(record.fields[0].columns, 3);
  EXPECT_EQ(record.fields[0].panels.size(), 8u);
  EXPECT_EQ(record.fields[0].panels[0].level.size(), 256u);
}

TEST_F(PdeRun, EveryWayToTrainLowersTheLoss) {
  for (const char* gradient : {"implicit", "phantom", "unrolled"}) {
    for (const char* protocol : {"physical", "paper"}) {
      Config config = tiny();
      config.protocol = protocol;
      config.rivals.train = false;
      config.train.gradient = gradient;
      config.train.pretrain = 0;
      config.train.epochs = 30;
      const pde::Run here = run((std::string(gradient) + protocol).c_str());
      const FlowData flows = data(config, here);
      ASSERT_TRUE(train_models(config, here, flows));
      const Trained trained = load_trained(RunFiles(here.folder).model("implicit-4", 3));
      ASSERT_EQ(trained.training.losses.loss.size(), 60u);
      EXPECT_LT(trained.training.losses.loss.back(), 0.8 * trained.training.losses.loss.front()) << gradient << " " << protocol;
    }
  }
}

TEST_F(PdeRun, AnInterruptedTrainingGoesOnWithTheSameBits) {
  Config config = tiny();
  config.rivals.train = false;
  config.train.learning_rates = {1e-3, 5e-3};
  config.train.trial_epochs = 1;
  const pde::Run whole = run("whole");
  pde::Run broken = run("broken");
  const FlowData flows = data(config, whole);
  ASSERT_TRUE(train_models(config, whole, flows));
  std::atomic<bool> stop = true;
  broken.stop = &stop;
  EXPECT_FALSE(train_models(config, broken, flows));
  broken.stop = nullptr;
  broken.resume = true;
  ASSERT_TRUE(train_models(config, broken, flows));
  const Trained a = load_trained(RunFiles(whole.folder).model("implicit-4", 3)),
                b = load_trained(RunFiles(broken.folder).model("implicit-4", 3));
  for (std::size_t i = 0; i < a.model->parameters().size(); ++i)
    EXPECT_TRUE(a.model->parameters()[i].equal(b.model->parameters()[i]));
  EXPECT_EQ(a.training.losses.loss, b.training.losses.loss);
  EXPECT_EQ(a.training.lr, b.training.lr);
}

// What is asked for by a tolerance is what the walk reaches.
TEST_F(PdeRun, PredictionsAgreeWithTheWalkAndScaleWithTheirUnits) {
  const Config config = tiny();
  const FlowData flows = data(config, run("a"));
  const Trained trained{{"implicit-4", {.width = 4, .modes = 3, .normalize = false}},
                        make_model({.width = 4, .modes = 3, .normalize = false}, 5),
                        scaling_of(flows.train),
                        {}};
  const Prediction p = predict(trained, flows.test.forcing, {.iterations = 60, .rtol = 1e-5});
  ASSERT_TRUE(p.solution.converged()) << p.solution.brief();
  const Walk w = walk(trained, flows.test.forcing, 40, config);
  ASSERT_EQ(w.vorticity.size(), 40u);
  ASSERT_EQ(w.residual.size(), 40u);
  for (const double e : measure::rel_l2(w.vorticity.back(), p.vorticity)) EXPECT_LT(e, 1e-3);
  for (std::size_t n = 0; n < 3; ++n) EXPECT_LT(w.residual.back()[n], w.residual.front()[n]);
  Trained doubled = trained;
  doubled.scaling.vorticity *= 2;
  const Tensor twice = predict(doubled, flows.test.forcing, {.iterations = 60, .rtol = 1e-5}).vorticity;
  for (const double e : measure::rel_l2(twice, p.vorticity * 2)) EXPECT_LT(e, 1e-6);
}

TEST_F(PdeRun, BadForcingsAreRefusedInWords) {
  const Trained trained{{"implicit-4", {.width = 4, .modes = 3}}, make_model({.width = 4, .modes = 3}, 5), {}, {}};
  const auto message = [&](const Tensor& forcing) -> std::string {
    try {
      predict(trained, forcing);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const Tensor good = data(tiny(), run("a")).test.forcing;
  EXPECT_THAT(message(good[0]), HasSubstr("[pde::predict] the forcing's shape = (2, 16, 16) violates == (N, 2, H, W)"));
  EXPECT_THAT(message(good.narrow(3, 0, 5)), HasSubstr("points along a side = 5 violates >= 6"));
  const Tensor bad = good.clone();
  bad[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message(bad), HasSubstr("violates finite"));
}

TEST_F(PdeRun, FilesThatAreNoModelAreRefused) {
  const fs::path file = root_ / "m.safetensors";
  Trained trained{{"implicit-4", {.width = 4, .modes = 3, .padding = 2}},
                  make_model({.width = 4, .modes = 3, .padding = 2}, 5),
                  {.forcing = 0.25, .vorticity = 3},
                  {}};
  trained.training = {.seed = 5, .lr = 1e-3, .seconds = 2, .depth = 4, .grid = 16, .viscosity = 0.05};
  trained.training.losses = train::thinned({3, 1});
  save_trained(file, trained, "");
  const Trained back = load_trained(file);
  EXPECT_EQ(back.spec.options.padding, 2);
  EXPECT_EQ(back.scaling.forcing, 0.25);
  EXPECT_EQ(back.training.viscosity, 0.05);
  EXPECT_THAT(back.training.losses.loss, ElementsAre(3, 1));
  const auto message = [&]() -> std::string {
    try {
      load_trained(file);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::string bytes = base::read_file(file);
  std::string other = bytes;
  other.replace(other.find("fathom-pde-model-1"), 18, "fathom-pde-model-9");
  base::write_atomically(file, other);
  EXPECT_THAT(message(), HasSubstr("is not a network for flows of this version"));
  other = bytes;
  other.replace(other.find("\"width\":\"4\""), 11, "\"width\":\"0\"");
  base::write_atomically(file, other);
  EXPECT_THAT(message(), HasSubstr("is damaged"));
  fs::remove(file);
  EXPECT_THAT(message(), HasSubstr("train the networks first"));
}

TEST(PdeConfig, RefusesWhatDoesNotGoTogether) {
  const auto message = [](auto change) -> std::string {
    Config config = preset("quick");
    change(config);
    try {
      config.check();
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([](Config&) {}), "");
  EXPECT_THAT(message([](Config& c) { c.network.modes = 33; }), HasSubstr("network.modes = 33 violates <= 32"));
  EXPECT_THAT(message([](Config& c) { c.train.learning_rates.clear(); }), HasSubstr("train.learning_rates = []"));
  EXPECT_THAT(message([](Config& c) { c.study.pictured = {51}; }), HasSubstr("study.pictured = [51] violates <="));
  EXPECT_THAT(message([](Config& c) { c.study.frequencies.clear(); }), HasSubstr("study.frequencies = []"));
  for (const char* name : {"quick", "full", "paper"}) EXPECT_NO_THROW(preset(name).check());
}

TEST(PdeChecks, CompareWithTheRivalsOfTheSameWidth) {
  base::StudyRecord record;
  record.statistics["training_depth"] = 2;
  record.models = {{.name = "implicit-8", .kind = "implicit", .test = 0.1},
                   {.name = "fno-8", .kind = "explicit", .test = 0.25},
                   {.name = "fno++norm-8", .kind = "explicit", .test = 0.05},
                   {.name = "fno++-8x2", .kind = "explicit", .test = 0.2},
                   {.name = "fno++-8x4", .kind = "explicit", .test = 0.01}};
  record.curves = {{"implicit-8", "error", "all", {1, 2, 4, 8}, {1, 0.2, 0.1, 0.12}, {}, {}},
                   {"implicit-8", "largest lipschitz", "all", {1, 2, 4, 8}, {1, 8, 10, 8.2}, {}, {}}};
  append_checks(record);
  ASSERT_EQ(record.checks.size(), 7u);
  EXPECT_NEAR(record.checks[0].value, 0.4, 1e-12);
  EXPECT_TRUE(record.checks[0].ok);
  EXPECT_FALSE(record.checks[1].ok) << "a normalised rival that is better";
  EXPECT_TRUE(record.checks[2].ok);
  EXPECT_TRUE(record.checks[3].ok);
  EXPECT_NEAR(record.checks[4].value, 1.2, 1e-12);
  EXPECT_FALSE(record.checks[4].ok) << "an error that grows again";
  EXPECT_TRUE(record.checks[5].ok);
  EXPECT_NEAR(record.checks[6].value, 0.025, 1e-12);
  EXPECT_TRUE(record.checks[6].ok);
}

}  // namespace
}  // namespace fathom::pde
