#include "fathom/domain/map/study.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/error.h"
#include "fathom/io/npz.h"
#include "fathom/io/safetensors.h"
#include "fathom/measure/metrics.h"
#include "fathom/train/tensor_file.h"

namespace fathom::map {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const c10::Device kCpu(c10::kCPU);

std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(FATHOM_SOURCE_DIR) / "tests" / "golden" / "map" / name;
}

std::filesystem::path written(const std::vector<io::TensorRecord>& tensors) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "fathom_map_test.npz";
  io::write_npz(path, tensors);
  return path;
}

io::TensorRecord named(const std::string& name, const Tensor& tensor) { return train::to_record(name, tensor); }

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(MapInputs, TakeTheDtypeOfTheMapAndStartAtZero) {
  const Inputs inputs = read_inputs(golden("samples.npz"), at::kFloat, kCpu);
  EXPECT_EQ(inputs.x.scalar_type(), at::kFloat);
  EXPECT_THAT(inputs.x.sizes().vec(), ElementsAre(6, 4));
  EXPECT_EQ(inputs.y0.abs().sum().item<double>(), 0);
  EXPECT_TRUE(inputs.target.defined());
  EXPECT_EQ(inputs.first(2).target.size(0), 2);
  EXPECT_EQ(inputs.first(99).samples(), 6);
  EXPECT_EQ(read_inputs(golden("samples.npz"), std::nullopt, kCpu).x.scalar_type(), at::kDouble);
}

TEST(MapInputs, ComeFromSafetensorsToo) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "fathom_map_test.safetensors";
  train::save_model(path, {{"x", at::ones({2, 3})}, {"y0", at::ones({2, 5})}}, {});
  const Inputs inputs = read_inputs(path, std::nullopt, kCpu);
  EXPECT_THAT(inputs.y0.sizes().vec(), ElementsAre(2, 5));
  EXPECT_FALSE(inputs.target.defined());
  std::filesystem::remove(path);
}

TEST(MapInputs, AreRefusedByName) {
  const auto reads = [](const std::vector<io::TensorRecord>& tensors) {
    return refusal([&] { read_inputs(written(tensors), std::nullopt, kCpu); });
  };
  EXPECT_THAT(reads({named("x", at::ones({2, 3})), named("taget", at::ones({2}))}),
              HasSubstr("holds 'taget'; did you mean 'target'?"));
  EXPECT_THAT(reads({named("y0", at::ones({2, 3}))}), HasSubstr("has no 'x'"));
  EXPECT_THAT(reads({named("x", at::ones({2, 3})), named("y0", at::ones({3, 3}))}),
              HasSubstr("y0 has 3 samples and x 2"));
  EXPECT_THAT(reads({named("x", at::ones({2, 3}, at::kLong))}), HasSubstr("x is not of floats"));
  EXPECT_THAT(reads({named("x", at::zeros({0, 3}))}), HasSubstr("x holds no sample"));
  EXPECT_THAT(
      refusal([] {
        load(golden("cell.pt"), written({named("x", at::ones({2, 4})), named("target", at::ones({2, 3}))}), kCpu);
      }),
      HasSubstr("target has shape [2, 3], y has [2, 4]"));
}

// The curves against the iteration written out, and against what is known: ||W|| = 0.6 and G is 1-Lipschitz in x, so
// that ||dy_t/dx|| <= (1 - 0.6^t) / 0.4.
TEST(MapStudy, CurvesAreThoseOfTheIterates) {
  Config config;
  config.model = golden("cell.pt").string();
  config.input = golden("samples.npz").string();
  config.study = {.iterations = 20, .perturbed = 3};
  const Subject subject = load(config.model, config.input, kCpu);
  const base::StudyRecord record = study(config, subject, 0);
  ASSERT_EQ(record.curves.size(), 3u);
  const base::Curve &error = record.curves[0], &residual = record.curves[1], &lipschitz = record.curves[2];
  EXPECT_EQ(error.quantity, "error");
  EXPECT_EQ(residual.quantity, "residual");
  EXPECT_EQ(lipschitz.quantity, "lipschitz");

  const at::NoGradGuard no_grad;
  State y = subject.inputs.y0;
  const double rounding = 1e-3;  // float32 in a move of 1e-3: 6e-8 * ||y|| / (1e-3 ||x||)
  for (std::size_t t = 0; t <= 20; ++t) {
    const std::vector<double> errors = measure::rel_l2(y.only(), subject.inputs.target);
    EXPECT_NEAR(error.max[t], *std::max_element(errors.begin(), errors.end()), 1e-6) << t;
    EXPECT_LE(lipschitz.max[t], (1 - std::pow(0.6, t)) / 0.4 + rounding) << t;
    y = subject.G(y, subject.inputs.x);
  }
  EXPECT_EQ(lipschitz.max[0], 0);
  EXPECT_GT(lipschitz.max[20], 0.5);
  EXPECT_LT(residual.max[20], 1e-3);

  ASSERT_EQ(record.models.size(), 1u);
  EXPECT_EQ(record.models[0].parameters, 16);
  EXPECT_EQ(record.models[0].test, error.mean[20]);
  EXPECT_EQ(record.models[0].extra.at("residual"), residual.mean[20]);
  EXPECT_EQ(study(config, subject, 0).curves[2].max, lipschitz.max) << "seeded";
  EXPECT_NE(study(config, subject, 1).curves[2].max, lipschitz.max);
}

}  // namespace
}  // namespace fathom::map
