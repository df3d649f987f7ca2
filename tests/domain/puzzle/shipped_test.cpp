// The models that ship with the program, on puzzles of no record's seed and larger than any they were trained on.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include <ATen/core/grad_mode.h>

#include "fathom/domain/puzzle/batch.h"
#include "fathom/domain/puzzle/draw.h"
#include "fathom/domain/puzzle/model.h"
#include "fathom/domain/puzzle/run_files.h"
#include "fathom/tensor/device.h"

namespace fathom::puzzle {
namespace {

constexpr std::uint64_t kHeldOut = 20261126;

Trained shipped(const std::string& task) {
  tensor::set_threads(1);
  return load_trained(std::filesystem::path(FATHOM_SOURCE_DIR) / "models" / (task + ".safetensors"));
}

// The fraction of `count` puzzles that are right in every cell after so many iterations.
double solved(const Trained& trained, std::int64_t count, std::int64_t size, std::int64_t iterations) {
  at::NoGradGuard no_grad;
  const Batch batch = make_batch(draw(trained.spec.task, count, size, kHeldOut));
  const std::vector<double> right = exact_match(trained.model->forward(batch.x, iterations), batch.target);
  return std::accumulate(right.begin(), right.end(), 0.0) / static_cast<double>(count);
}

TEST(ShippedPuzzleModels, ParityOfEightTimesTheTrainingLengthTakesThinkingLonger) {
  const Trained trained = shipped("parity");
  EXPECT_EQ(trained.spec.options.width, 32);
  EXPECT_EQ(solved(trained, 20, 32, 40), 1);
  EXPECT_EQ(solved(trained, 20, 256, 20), 0);
  EXPECT_EQ(solved(trained, 20, 256, 320), 1);
}

// The record says 0.96 of 15 x 15 at t = 40; 60 puzzles have a deviation of 0.025, four of which are allowed below.
TEST(ShippedPuzzleModels, MazesLargerThanTheTrainedOnesTakeThinkingLonger) {
  const Trained trained = shipped("maze");
  EXPECT_EQ(trained.spec.options.channels, 3);
  EXPECT_LE(solved(trained, 60, 15, 5), 0.1);
  EXPECT_GE(solved(trained, 60, 15, 40), 0.96 - 4 * std::sqrt(0.96 * 0.04 / 60));
}

}  // namespace
}  // namespace fathom::puzzle
