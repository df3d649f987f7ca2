#include <atomic>
#include <filesystem>

#include <ATen/TensorOperators.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/drawn_parts.h"

namespace fathom::pde {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

DataConfig small() {
  return {.train = 40, .test = 5, .generate = {.grid = 16, .solved = {.peak = 2, .spread = 1, .size = 1e-3}}};
}

class FlowDataTest : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ = fs::path(testing::TempDir()) / "fathom_pde_data";
};

TEST_F(FlowDataTest, HoldsWhatWasAskedForWithItsResiduals) {
  const FlowData data = make_data(small(), folder_, 1).value();
  EXPECT_EQ(data.train.forcing.sizes(), at::IntArrayRef({40, 2, 16, 16}));
  EXPECT_EQ(data.train.vorticity.sizes(), at::IntArrayRef({40, 16, 16}));
  EXPECT_EQ(data.test.size(), 5);
  EXPECT_EQ(data.test.grid(), 16);
  EXPECT_EQ(data.viscosity, 0.01);
  EXPECT_LE(data.train.residual.max().item<double>(), 1e-10);
  EXPECT_EQ(data.statistics.at("train: drawn"), 40);
  EXPECT_EQ(data.statistics.at("train: failed and left out"), 0);
  EXPECT_NEAR(data.statistics.at("test: mean variance of the forcing"), 1e-6, 1e-9);
  EXPECT_FALSE(fs::exists(folder_ / "data.parts"));
}

TEST_F(FlowDataTest, IsReadBackWithTheSameBitsAndDrawnAnewForOtherOptions) {
  const FlowData data = make_data(small(), folder_, 1).value();
  const auto written = fs::last_write_time(folder_ / "data.safetensors");
  const FlowData again = make_data(small(), folder_, 1).value();
  EXPECT_EQ(fs::last_write_time(folder_ / "data.safetensors"), written);
  EXPECT_EQ(again.sha256, data.sha256);
  EXPECT_EQ(again.statistics, data.statistics);
  EXPECT_TRUE(again.train.forcing.equal(data.train.forcing));
  EXPECT_TRUE(again.test.residual.equal(data.test.residual));
  EXPECT_TRUE(again.test.draw.equal(data.test.draw));
  EXPECT_NE(make_data(small(), folder_, 2).value().sha256, data.sha256);
}

TEST_F(FlowDataTest, AnInterruptedDrawGoesOnFromItsBlocks) {
  const Generator generator(small().generate, 1, "pde train");
  DrawnParts first(generator, folder_, "train", "a draw");
  ASSERT_TRUE(first.reach(20, nullptr));
  const auto written = fs::last_write_time(folder_ / "train-00000.safetensors");

  const std::atomic<bool> stop{true};
  DrawnParts stopped(generator, folder_, "train", "a draw");
  EXPECT_FALSE(stopped.reach(40, &stop));
  DrawnParts resumed(generator, folder_, "train", "a draw");
  ASSERT_TRUE(resumed.reach(40, nullptr));
  EXPECT_EQ(fs::last_write_time(folder_ / "train-00000.safetensors"), written) << "the first block is read";
  EXPECT_TRUE(fs::exists(folder_ / "train-00001.safetensors"));

  const FlowData whole = make_data(small(), folder_ / "whole", 1).value();
  const FlowSet parts = resumed.first(40);
  EXPECT_TRUE(parts.forcing.equal(whole.train.forcing));
  EXPECT_TRUE(parts.vorticity.equal(whole.train.vorticity));
  EXPECT_TRUE(parts.residual.equal(whole.train.residual));

  DrawnParts other(generator, folder_, "train", "another draw");
  ASSERT_TRUE(other.reach(20, nullptr));
  EXPECT_NE(fs::last_write_time(folder_ / "train-00000.safetensors"), written) << "blocks of another draw are not read";
}

TEST_F(FlowDataTest, InterruptionLeavesNoDataFile) {
  const std::atomic<bool> stop{true};
  EXPECT_FALSE(make_data(small(), folder_, 1, &stop).has_value());
  EXPECT_FALSE(fs::exists(folder_ / "data.safetensors"));
}

TEST_F(FlowDataTest, FailedPairsAreCountedAndReplaced) {
  DataConfig config = small();
  config.train = 20;
  config.generate.solved.size = 8e-3;
  config.generate.solved.steady.least_step = 0.3;  // given up after two failures: some of the forcings are
  const FlowData data = make_data(config, folder_, 1).value();
  const double drawn = data.statistics.at("train: drawn"), failed = data.statistics.at("train: failed and left out");
  EXPECT_GT(failed, 0);
  EXPECT_EQ(drawn, 20 + failed);
  EXPECT_LE(data.train.residual.max().item<double>(), 1e-9);
  EXPECT_EQ(data.train.draw[19].item<std::int64_t>() + 1, drawn) << "the last kept pair is the last that was drawn";
}

TEST_F(FlowDataTest, AGeneratorThatNeverSucceedsIsAnErrorNotALoop) {
  DataConfig config = small();
  config.generate.solved.steady.trials = 1;  // no solve can end with the first point
  EXPECT_THAT([&] { make_data(config, folder_, 1); }, ThrowsMessage<Error>(HasSubstr("led to a steady flow")));
}

TEST_F(FlowDataTest, DamageIsNoticed) {
  make_data(small(), folder_, 1);
  std::string bytes = base::read_file(folder_ / "data.safetensors");
  bytes[bytes.size() - 5000] ^= 1;
  base::write_atomically(folder_ / "data.safetensors", bytes);
  EXPECT_THAT([&] { load_data(folder_ / "data.safetensors"); }, ThrowsMessage<Error>(HasSubstr("hash")));
}

}  // namespace
}  // namespace fathom::pde
