// The study of puzzles end to end on tiny models: files, resume, gradients, figures, checks.
#include "fathom/domain/puzzle/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <thread>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/domain/puzzle/checks.h"
#include "fathom/domain/puzzle/draw.h"
#include "fathom/domain/puzzle/losses.h"
#include "fathom/domain/puzzle/model.h"
#include "fathom/domain/puzzle/restarts.h"
#include "fathom/domain/puzzle/run_files.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "fathom/train/fit.h"

namespace fathom::puzzle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

Config tiny(const std::string& task) {
  Config config = preset("quick");
  config.task = task;
  TaskConfig& own = task == "maze" ? config.maze : task == "sudoku" ? config.sudoku : config.parity;
  const std::vector<std::int64_t> sizes = task == "maze"     ? std::vector<std::int64_t>{5, 7}
                                          : task == "sudoku" ? std::vector<std::int64_t>{1, 2}
                                                             : std::vector<std::int64_t>{4, 6};
  own.width = 6;
  own.rival_rounds = 3;
  own.stage1 = {.updates = 6, .sizes = sizes, .batch = 3, .loss = "random", .depth = 4, .warmup = 2};
  own.stage2 = {.updates = 3, .sizes = sizes, .batch = 2, .loss = "progressive", .depth = 4, .least_depth = 2};
  own.study = {.sizes = sizes, .iterations = {0, 1, 3}, .samples = 4, .perturbed = 2, .starts = 2, .breadths = {1, 2}};
  return config;
}

FieldNet looped(const std::string& task, std::uint64_t seed = 1) {
  tensor::seed(seed);
  return FieldNet(models_of(tiny(task)).front().options);
}

class PuzzleRun : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_level(base::Level::quiet);
    tensor::set_threads(1);
    root_ = fs::temp_directory_path() / ("fathom-puzzle-" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override {
    fs::remove_all(root_);
    base::set_level(base::Level::info);
  }
  puzzle::Run run(const char* name) const { return {.folder = root_ / name, .seed = 3}; }

  fs::path root_;
};

TEST_F(PuzzleRun, ModelsHaveTheParametersTheySay) {
  const auto count = [](const Model& model) {
    std::int64_t sum = 0;
    for (const Tensor& p : model.parameters()) sum += p.numel();
    return sum;
  };
  Config config = preset("quick");
  for (const auto& [task, parameters] : {std::pair{"parity", 12672}, std::pair{"maze", 39168}}) {
    config.task = task;
    const std::vector<ModelSpec> models = models_of(config);
    ASSERT_EQ(models.size(), 3u);
    for (const ModelSpec& spec : models)
      EXPECT_EQ(count(*make_model(spec, 0)), parameter_count(spec.options)) << spec.name;
    EXPECT_EQ(parameter_count(models[0].options), parameters);
    ModelOptions wider = models[1].options;
    ++wider.width;
    EXPECT_LE(parameter_count(models[1].options), parameters);
    EXPECT_GT(parameter_count(wider), parameters);
    EXPECT_EQ(models[2].options.width, models[0].options.width);
  }
}

TEST_F(PuzzleRun, FewerRoundsMakeTheRivalOfEqualParametersWider) {
  Config config = preset("quick");
  config.task = "sudoku";
  config.sudoku.narrow_rounds = 0;
  const ModelOptions deep = models_of(config)[1].options;
  config.sudoku.narrow_rounds = 6;
  const std::vector<ModelSpec> models = models_of(config);
  EXPECT_EQ(deep.rounds, config.sudoku.rival_rounds);
  EXPECT_EQ(models[1].options.rounds, 6);
  EXPECT_GT(models[1].options.width, deep.width);
  EXPECT_LE(parameter_count(models[1].options), parameter_count(models[0].options));
  EXPECT_EQ(models[2].options.rounds, config.sudoku.rival_rounds);
}

TEST_F(PuzzleRun, TheMapIsTheStepOfForwardAndItsNormIsOuter) {
  const FieldNet model = looped("maze");
  const Batch batch = make_batch(draw("maze", 4, 7, 1));
  at::NoGradGuard no_grad;
  const Map map = model.map(batch.x);
  State h = model.start(batch.x);
  for (int t = 0; t < 3; ++t) h = map(h);
  EXPECT_TRUE(model.read_out(h.only()).equal(model.forward(batch.x, 3)));
  // rms over the channels is 1 up to eps = 1e-6 under the root, wherever a channel is on.
  const Tensor rms = h.only().square().mean(1).sqrt();
  EXPECT_LE(rms.max().item<double>(), 1 + 1e-5);
  const Rows rows(tensor::from_int64s({2, 0}, {2}));
  const Tensor chosen = rows.of(h.only());
  EXPECT_TRUE(at::allclose(map(chosen, rows).only(), rows.of(map(h).only()), 1e-5, 1e-5));
}

TEST_F(PuzzleRun, EveryLossReachesEveryWeightOfTheBlock) {
  Config config = tiny("parity");
  config.adjoint.max_iter = 5;
  const Batch batch = make_batch(draw("parity", 3, 6, 1));
  for (const char* loss : {"random", "progressive", "implicit", "phantom"}) {
    const FieldNet model = looped("parity");
    StageConfig stage = config.parity.stage1;
    stage.loss = loss;
    looped_loss(config, stage, model, batch, 7, 0).backward();
    for (const auto& [name, parameter] : train::named_parameters(model)) {
      if (name == "stem") continue;  // a detached start gives it none
      ASSERT_TRUE(parameter.grad().defined()) << loss << " " << name;
      EXPECT_GT(parameter.grad().abs().sum().item<double>(), 0) << loss << " " << name;
    }
  }
}

TEST_F(PuzzleRun, ProgressiveLossIsTheWeightedSumOfItsTerms) {
  const Config config = tiny("parity");
  const FieldNet model = looped("parity");
  const Batch batch = make_batch(draw("parity", 3, 6, 1));
  StageConfig stage = config.parity.stage1;
  stage.loss = "progressive";
  stage.depth = 1;  // full: 1 iteration; random: n = 0, k = 1. Both are the same loss.
  const double full = loss_of(model.forward(batch.x, 1), batch.target).item<double>();
  for (const double alpha : {0.0, 0.25, 1.0}) {
    stage.alpha = alpha;
    EXPECT_NEAR(looped_loss(config, stage, model, batch, 7, 0).item<double>(), full, 1e-6);
  }
  stage.depth = 4;
  stage.alpha = 0;
  EXPECT_NEAR(looped_loss(config, stage, model, batch, 7, 0).item<double>(),
              loss_of(model.forward(batch.x, 4), batch.target).item<double>(), 1e-6);
}

TEST_F(PuzzleRun, CellsThatTakeNoPartKeepTheirState) {
  const Config config = tiny("maze");
  const FieldNet model = looped("maze");
  const Batch batch = make_batch(draw("maze", 3, 7, 1));
  StageConfig stage = config.maze.stage1;
  stage.loss = "progressive";
  stage.alpha = 0;
  const auto loss_of_step = [&](double rate, std::int64_t step) {
    stage.update_rate = rate;
    return looped_loss(config, stage, model, batch, 7, step).item<double>();
  };
  // Of 4 iterations x 3 x 49 cells one takes part with probability 6e-10: the loss is that of the start.
  EXPECT_EQ(loss_of_step(1e-12, 0), loss_of(model.forward(batch.x, 0), batch.target).item<double>());
  const double half = loss_of_step(0.5, 0);
  EXPECT_EQ(half, loss_of_step(0.5, 0)) << "who takes part follows from (seed, step)";
  EXPECT_NE(half, loss_of_step(0.5, 1));
  EXPECT_NE(half, loss_of_step(1, 0));
}

TEST_F(PuzzleRun, LossesAreComparedOverTheSameTime) {
  Config config = tiny("parity");
  config.parity.loss_seconds = 0.3;
  config.adjoint.max_iter = 5;
  ASSERT_TRUE(train_models(config, run("losses")));
  const base::StudyRecord record = evaluate(config, run("losses"));
  std::vector<std::string> names;
  for (const base::ModelResult& model : record.models) {
    names.push_back(model.name);
    EXPECT_GE(model.seconds_train, 0.3) << model.name;
    EXPECT_GE(model.extra.at("updates"), 2) << model.name;
  }
  EXPECT_THAT(names, ElementsAre("looped-random", "looped-progressive", "looped-implicit", "looped-phantom"));
  EXPECT_TRUE(record.checks.empty());
  // Each has its own loss: the same start and the same puzzles led to other weights.
  const Trained a = load_trained(RunFiles(root_ / "losses").model(names[0], 3));
  const Trained b = load_trained(RunFiles(root_ / "losses").model(names[3], 3));
  EXPECT_FALSE(a.model->parameters().back().equal(b.model->parameters().back()));
}

TEST_F(PuzzleRun, JudgedCellsAloneCount) {
  Instances two{.count = 2, .width = 3, .input = {0, 0, 0, 0, 0, 0}, .target = {1, 0, kUnjudged, 1, 1, 1}};
  const Batch batch = make_batch(two);
  const Tensor says_one = tensor::from_doubles({0, 0, 0, 1, 1, 1}, {1, 2, 1, 3}).repeat({2, 1, 1, 1});
  EXPECT_THAT(exact_match(says_one, batch.target), ElementsAre(0, 1));
  EXPECT_THAT(cell_accuracy(says_one, batch.target), ElementsAre(0.5, 1));
  EXPECT_THAT(answers(says_one), ElementsAre(1, 1, 1, 1, 1, 1));
}

TEST_F(PuzzleRun, MoreRestartsNeverRaiseTheResidualAndOneIsTheModelsOwn) {
  const FieldNet model = looped("parity");
  at::NoGradGuard no_grad;
  const Tensor x = make_batch(draw("parity", 5, 8, 1)).x;
  const std::vector<Tensor> logits = answers_by_breadth(model, x, 3, 1, {1, 4});
  ASSERT_EQ(logits.size(), 2u);
  EXPECT_TRUE(logits[0].equal(model.forward(x, 3)));
  EXPECT_TRUE(answers_by_breadth(model, x, 3, 1, {4})[0].equal(logits[1])) << "start k follows from (seed, k)";
}

TEST_F(PuzzleRun, TrainsMeasuresAndRecords) {
  for (const char* task : {"parity", "maze", "sudoku"}) {
    const Config config = tiny(task);
    puzzle::Run two = run(task);
    two.seeds = 2;
    ASSERT_TRUE(train_models(config, two));
    const base::StudyRecord record = evaluate(config, two);
    ASSERT_EQ(record.models.size(), 3u);
    EXPECT_EQ(record.models[0].name, "implicit-6");
    for (const base::ModelResult& model : record.models) {
      EXPECT_EQ(model.seeds, 2);
      EXPECT_TRUE(model.test >= 0 && model.test <= 1 && model.train >= 0 && model.train <= 1) << model.name;
    }
    EXPECT_EQ(record.models[0].extra.count("exit iterations"), 1u);
    std::map<std::string, int> points;
    for (const base::Curve& curve : record.curves) {
      if (curve.model == "implicit-6") points[curve.quantity] += static_cast<int>(curve.t.size());
    }
    for (const char* quantity : {"exact_match", "cell_accuracy", "residual", "lipschitz"})
      EXPECT_EQ(points[quantity], 6);
    EXPECT_EQ(points["exit iterations by size"], 2);
    EXPECT_EQ(points["exact_match by breadth"], 4);
    EXPECT_EQ(points["training loss"], 9);
    EXPECT_EQ(record.train_samples, 6 * 3 + 3 * 2);
    EXPECT_EQ(record.data_sha256, evaluate(config, two).data_sha256);
  }
}

TEST_F(PuzzleRun, InterruptedAndResumedTrainingEqualsUninterruptedBitForBit) {
  Config config = tiny("parity");
  config.parity.rivals = false;
  config.parity.stage1.updates = 300;
  ASSERT_TRUE(train_models(config, run("whole")));

  // Stopped somewhere in stage 1: as soon as its log has a line, after ten updates.
  std::atomic<bool> stop = false;
  puzzle::Run parts = run("parts");
  parts.stop = &stop;
  const fs::path log = RunFiles(parts.folder).training("implicit-6-seed3-stage1.jsonl");
  std::thread stopper([&] {
    while (!fs::exists(log) || fs::file_size(log) == 0) std::this_thread::yield();
    stop = true;
  });
  const bool finished = train_models(config, parts);
  stopper.join();
  ASSERT_FALSE(finished);
  stop = false;
  parts.resume = true;
  ASSERT_TRUE(train_models(config, parts));

  const Trained a = load_trained(RunFiles(root_ / "whole").model("implicit-6", 3));
  const Trained b = load_trained(RunFiles(root_ / "parts").model("implicit-6", 3));
  ASSERT_EQ(a.model->parameters().size(), b.model->parameters().size());
  for (std::size_t i = 0; i < a.model->parameters().size(); ++i) {
    EXPECT_TRUE(a.model->parameters()[i].equal(b.model->parameters()[i]));
  }
  EXPECT_EQ(a.loss, b.loss);
}

TEST_F(PuzzleRun, FilesThatAreNoModelAreRefused) {
  const fs::path file = root_ / "m.safetensors";
  const ModelSpec spec = models_of(tiny("parity")).front();
  const std::shared_ptr<Model> model = make_model(spec, 0);
  train::FitResult stage;
  stage.losses = {1, 2};
  stage.seconds = 3;
  save_trained(file, spec, *model, {stage}, 0, "");
  EXPECT_EQ(load_trained(file).spec.name, "implicit-6");
  std::string bytes = base::read_file(file);
  bytes.replace(bytes.find("fathom-puzzle-model-1"), 21, "fathom-puzzle-model-9");
  base::write_atomically(file, bytes);
  try {
    load_trained(file);
    FAIL() << "another format was taken";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("not a model for puzzles of this version"));
  }
}

TEST(PuzzleChecks, JudgeTheWorstOfTheSeeds) {
  Config config = preset("full");
  Measured good;
  good.result = {.name = "implicit-32", .kind = "implicit"};
  good.result.seconds_train = 100;
  good.curves.push_back({"implicit-32", "exact_match", "512", {80, 640}, {0, 1}, {0, 0}, {0, 1}});
  Measured bad = good, rival = good;
  bad.curves[0].mean = {0.01, 0.99};
  rival.result.kind = "explicit";
  rival.curves[0].group = "64";
  base::StudyRecord record;
  append_checks(config, {{good, good}, {rival}}, record);
  ASSERT_EQ(record.checks.size(), 4u);
  EXPECT_TRUE(record.checks[0].ok && record.checks[1].ok && record.checks[2].ok);
  EXPECT_FALSE(record.checks[3].ok) << "a rival that solves 64 bits is no rival that fails";
  record.checks.clear();
  append_checks(config, {{good, bad}}, record);
  EXPECT_FALSE(record.checks[0].ok);
  EXPECT_EQ(record.checks[0].value, 0.99);
  EXPECT_FALSE(record.checks[1].ok);
  EXPECT_EQ(record.checks[1].value, 0.01);
}

}  // namespace
}  // namespace fathom::puzzle
