#include "fathom/train/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tanh.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/io/jsonl.h"
#include "fathom/io/tfevents.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::train {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

// tanh(x W') fitted to targets; each step draws its own rows, as a stochastic task does.
struct Regression {
  Regression() {
    tensor::set_threads(1);
    tensor::seed(7);
    x = at::randn({64, 6});
    y = at::tanh(at::linear(x, at::randn({3, 6})));
    w = (0.1 * at::randn({3, 6})).requires_grad_(true);
  }
  Task task() {
    return {.name = "regression", .parameters = {{"w", w}}, .loss = [this](std::int64_t step) {
              base::Random random(base::stream_seed(1, "rows", static_cast<std::uint64_t>(step)));
              const auto first = static_cast<std::int64_t>(random.below(32));
              const Tensor rows = x.narrow(0, first, 32);
              return (at::tanh(at::linear(rows, w)) - y.narrow(0, first, 32)).square().mean();
            }};
  }
  Tensor x, y, w;
};

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("fathom-train-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

FitOptions options(std::int64_t steps) {
  FitOptions o;
  o.steps = steps;
  o.adam.lr = 0.05;
  o.log_every = 1;
  return o;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

class FitTest : public ::testing::Test {
 protected:
  void SetUp() override { base::set_level(base::Level::quiet); }
  void TearDown() override { base::set_level(base::Level::info); }
};

TEST_F(FitTest, ReducesTheLossAndReturnsTheBestWeights) {
  Regression r;
  const FitResult result = fit(r.task(), options(200));
  EXPECT_EQ(result.status, FitStatus::finished);
  EXPECT_EQ(result.steps, 200);
  ASSERT_EQ(result.losses.size(), 200u);
  EXPECT_LT(result.best_loss, 0.05 * result.losses[0]);
  EXPECT_EQ(result.best_loss, *std::min_element(result.losses.begin(), result.losses.end()));
  EXPECT_EQ(result.losses[result.best_step], result.best_loss);
  // The weights at the end are those that gave the best loss on that step's rows.
  EXPECT_EQ(r.task().loss(result.best_step).item<double>(), result.best_loss);
}

TEST_F(FitTest, ReturnsTheLastWeightsWhenLossesOfStepsDoNotCompare) {
  Regression best, last, longer;
  FitOptions o = options(60);
  fit(best.task(), o);
  o.keep = "last";
  const FitResult result = fit(last.task(), o);
  EXPECT_NE(tensor::to_doubles(best.w), tensor::to_doubles(last.w));
  // The weights after 60 updates are those that the 61st step starts from.
  double before = 0;
  Task task = longer.task();
  task.loss = [&, loss = task.loss](std::int64_t step) {
    if (step == 60) before = (longer.w - last.w).abs().max().item<double>();
    return loss(step);
  };
  fit(task, options(61));
  EXPECT_EQ(before, 0);
  EXPECT_NEAR(recent_loss(result), std::accumulate(result.losses.end() - 6, result.losses.end(), 0.0) / 6, 1e-15);
  EXPECT_TRUE(std::isnan(recent_loss({})));
}

TEST_F(FitTest, StoppedAndResumedEqualsUninterruptedBitForBit) {
  const Folder folder;
  Regression whole;
  const FitResult once =
      fit(whole.task(), options(120), {.checkpoint = folder / "a.checkpoint", .log = folder / "a.jsonl"});

  Regression parts;
  std::atomic<bool> stop = false;
  Task task = parts.task();
  const auto loss = task.loss;
  task.loss = [&](std::int64_t step) {
    if (step == 49) stop = true;  // as Ctrl-C would, in the middle of step 50
    return loss(step);
  };
  const FitFiles files{
      .checkpoint = folder / "b.checkpoint", .log = folder / "b.jsonl", .events = folder / "events", .resume = true};
  EXPECT_EQ(fit(task, options(120), files, &stop).status, FitStatus::interrupted);
  Regression again;  // fresh weights: everything must come from the checkpoint
  const FitResult resumed = fit(again.task(), options(120), files);

  EXPECT_EQ(resumed.status, FitStatus::finished);
  EXPECT_EQ(resumed.steps, 120);
  EXPECT_EQ(resumed.losses, once.losses);
  EXPECT_EQ(resumed.best_step, once.best_step);
  EXPECT_EQ(tensor::to_doubles(again.w), tensor::to_doubles(whole.w));
  EXPECT_EQ(io::read_jsonl(folder / "b.jsonl").records.size(), 120u);
}

TEST_F(FitTest, AKilledRunsLogIsCutBackToItsCheckpoint) {
  const Folder folder;
  Regression r;
  const FitFiles files{
      .checkpoint = folder / "c", .log = folder / "c.jsonl", .events = folder / "events", .resume = true};
  fit(r.task(), options(30), files);
  const std::string at_30 = base::read_file(folder / "c");
  fit(r.task(), options(50), files);
  base::write_atomically(folder / "c", at_30);  // killed after step 50, last checkpoint at 30
  fit(r.task(), options(40), files);
  const io::Jsonl log = io::read_jsonl(folder / "c.jsonl");
  ASSERT_EQ(log.records.size(), 40u);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(io::number_at(log.records[i], "step", -1), static_cast<double>(i + 1));
  const io::EventFile events = io::read_events(folder / "events/events.out.tfevents.regression");
  EXPECT_EQ(events.scalars.size(), 40u * 3);
}

TEST_F(FitTest, TheLastStepIsLoggedWhateverTheInterval) {
  const Folder folder;
  Regression r;
  FitOptions o = options(7);
  o.log_every = 5;
  fit(r.task(), o, {.log = folder / "d.jsonl", .events = folder / "events"});
  std::vector<double> steps;
  for (const io::FlatRecord& record : io::read_jsonl(folder / "d.jsonl").records) {
    steps.push_back(io::number_at(record, "step", 0));
  }
  EXPECT_EQ(steps, (std::vector<double>{5, 7}));
}

TEST_F(FitTest, AFinishedFitIsNotRunAgain) {
  const Folder folder;
  Regression r;
  const FitFiles files{.checkpoint = folder / "d", .resume = true};
  fit(r.task(), options(20), files);
  Task task = r.task();
  task.loss = [](std::int64_t) -> Tensor { throw std::logic_error("a step was run"); };
  EXPECT_EQ(fit(task, options(20), files).steps, 20);
}

TEST_F(FitTest, RollsBackToTheBestWeightsWhenTheLossJumps) {
  Regression r;
  FitOptions o = options(60);
  o.rollback_factor = 5;
  Task task = r.task();
  const auto loss = task.loss;
  task.loss = [&](std::int64_t step) { return step == 50 ? loss(step) * 1e6 : loss(step); };
  const FitResult result = fit(task, o);
  EXPECT_DOUBLE_EQ(result.lr, 0.05 * 0.99);
  EXPECT_LT(result.last_loss, result.losses[0]);
}

TEST_F(FitTest, ALossThatStaysNonfiniteIsAnErrorAndLeavesACheckpoint) {
  const Folder folder;
  Regression r;
  Task task = r.task();
  const auto loss = task.loss;
  task.loss = [&](std::int64_t step) {
    return step < 5 ? loss(step) : loss(step) * std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_THAT(message_of([&] { fit(task, options(100), {.checkpoint = folder / "e"}); }),
              HasSubstr("10 times in a row"));
  EXPECT_TRUE(fs::exists(folder / "e"));
  EXPECT_TRUE(std::isfinite(r.w.sum().item<double>()));
}

TEST_F(FitTest, ClipsTheGradientNorm) {
  // On the same rows at every step the second loss shows the first update. A gradient of norm 1e-12 lies far below
  // Adam's eps of 1e-8, so the clipped update is at most lr * 1e-4 per weight.
  const auto change = [](double clip_norm) {
    Regression r;
    FitOptions o = options(2);
    o.clip_norm = clip_norm;
    Task task = r.task();
    const auto loss = task.loss;
    task.loss = [&](std::int64_t) { return loss(0); };
    const FitResult result = fit(task, o);
    return std::abs(result.losses[1] - result.losses[0]);
  };
  EXPECT_LT(change(1e-12), 1e-4);
  EXPECT_GT(change(0), 1e-2);
}

TEST_F(FitTest, RefusesDamagedAndForeignCheckpoints) {
  const Folder folder;
  Regression r;
  fit(r.task(), options(5), {.checkpoint = folder / "f"});
  const std::string bytes = base::read_file(folder / "f");
  const std::vector<double> before = tensor::to_doubles(r.w);
  const FitFiles files{.checkpoint = folder / "f", .resume = true};
  for (const std::size_t size : {std::size_t{4}, bytes.size() / 2, bytes.size() - 1}) {
    base::write_atomically(folder / "f", bytes.substr(0, size));
    EXPECT_THAT(message_of([&] { fit(r.task(), options(9), files); }), HasSubstr("[io::")) << size;
  }
  base::write_atomically(folder / "f", bytes);
  Task other = r.task();
  other.parameters[0].first = "v";
  EXPECT_THAT(message_of([&] { fit(other, options(9), files); }), HasSubstr("has no tensor 'now.v'"));
  Regression wide;
  Tensor w = at::randn({4, 6}).requires_grad_(true);
  Task shaped = wide.task();
  shaped.parameters = {{"w", w}};
  EXPECT_THAT(message_of([&] { fit(shaped, options(9), files); }), HasSubstr("shape"));
  EXPECT_EQ(tensor::to_doubles(r.w), before);
}

TEST_F(FitTest, RefusesBadOptions) {
  Regression r;
  FitOptions o = options(3);
  o.adam.lr = -1;
  EXPECT_THAT(message_of([&] { fit(r.task(), o); }), HasSubstr("adam.lr = -1 violates > 0"));
  EXPECT_THAT(message_of([&] { fit({.name = "empty"}, options(3)); }), HasSubstr("no parameters"));
}

TEST(Schedule, ConstantWarmUpAndCosine) {
  FitOptions o = options(100);
  EXPECT_EQ(learning_rate(o, 2, 50, 0), 2);
  o.warmup = 10;
  EXPECT_DOUBLE_EQ(learning_rate(o, 2, 0, 0), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(o, 2, 9, 0), 2);
  o.warmup = 0;
  o.schedule = "cosine";
  o.final_factor = 0.1;
  EXPECT_DOUBLE_EQ(learning_rate(o, 2, 0, 0), 2);
  EXPECT_NEAR(learning_rate(o, 2, 50, 0), 2 * (0.1 + 0.9 * 0.5), 1e-12);
  EXPECT_NEAR(learning_rate(o, 2, 100, 0), 0.2, 1e-12);
  EXPECT_NEAR(learning_rate(o, 2, 1000, 0), 0.2, 1e-12);
  o.least_seconds = 8;  // a schedule ends with the later of steps and time
  EXPECT_DOUBLE_EQ(learning_rate(o, 2, 50, 0), 2);
  EXPECT_NEAR(learning_rate(o, 2, 100, 4), 2 * (0.1 + 0.9 * 0.5), 1e-12);
}

}  // namespace
}  // namespace fathom::train
