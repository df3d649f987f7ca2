#include <filesystem>
#include <functional>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/cat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/flow_file.h"
#include "fathom/io/npy.h"
#include "fathom/train/tensor_file.h"

namespace fathom::pde {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

Tensor without_mean(const Tensor& field) { return field - field.mean({-2, -1}, true); }

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

class FlowFileTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    at::manual_seed(0);
    forcing_ = without_mean(at::randn({3, 2, 8, 8}));
    vorticity_ = without_mean(at::randn({3, 8, 8}, at::kDouble));
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The refusal of a file that holds these.
  std::string told(const Tensor& forcing, const Tensor& vorticity) const {
    for (const char* name : {"a.npz", "a.h5"}) {
      write_arrays(folder_ / name, {{"forcing", forcing}, {"vorticity", vorticity}});
    }
    const auto after_the_path = [](const std::string& text) { return text.substr(text.find(": ")); };
    const std::string one = refusal([&] { read_flows(folder_ / "a.npz"); });
    EXPECT_EQ(after_the_path(one), after_the_path(refusal([&] { read_flows(folder_ / "a.h5"); })));
    return one;
  }

  fs::path folder_ = fs::path(testing::TempDir()) / "fathom_flow_files";
  Tensor forcing_, vorticity_;
};

TEST_F(FlowFileTest, EveryFormHoldsTheSameNumbers) {
  for (const char* name : {"a.npz", "a.h5", "a.hdf5"})
    write_arrays(folder_ / name, {{"forcing", forcing_}, {"vorticity", vorticity_}, {"else", forcing_}});
  fs::create_directories(folder_ / "both");
  io::write_npy(folder_ / "both/forcing.npy", train::to_record("", forcing_));
  io::write_npy(folder_ / "both/vorticity.npy", train::to_record("", vorticity_));
  for (const char* name : {"a.npz", "a.h5", "a.hdf5", "both"}) {
    SCOPED_TRACE(name);
    const FlowArrays arrays = read_flows(folder_ / name);
    EXPECT_TRUE(arrays.forcing.equal(forcing_));
    EXPECT_TRUE(arrays.vorticity.equal(vorticity_));
    EXPECT_EQ(arrays.forcing.scalar_type(), at::kFloat);
    EXPECT_EQ(arrays.vorticity.scalar_type(), at::kDouble);
  }
  const FlowArrays alone = read_flows(folder_ / "both/forcing.npy");
  EXPECT_TRUE(alone.forcing.equal(forcing_));
  EXPECT_FALSE(alone.vorticity.defined());
}

TEST_F(FlowFileTest, OneSampleNeedsNoFirstDimension) {
  write_arrays(folder_ / "one.npz", {{"forcing", forcing_[0]}, {"vorticity", vorticity_[0]}});
  const FlowArrays arrays = read_flows(folder_ / "one.npz");
  EXPECT_EQ(arrays.forcing.sizes(), at::IntArrayRef({1, 2, 8, 8}));
  EXPECT_EQ(arrays.vorticity.sizes(), at::IntArrayRef({1, 8, 8}));
}

TEST_F(FlowFileTest, SaysWhatIsWrongWithTheShapes) {
  EXPECT_THAT(told(forcing_.narrow(1, 0, 1), vorticity_),
              HasSubstr("forcing's shape = [3, 1, 8, 8] violates [N, 2, H, H]"));
  EXPECT_THAT(told(forcing_.narrow(3, 0, 7), vorticity_),
              HasSubstr("forcing's grid = 8 x 7 violates H x H; interpolate"));
  EXPECT_THAT(told(forcing_.flatten(), vorticity_), HasSubstr("forcing's shape = [384] violates"));
  EXPECT_THAT(told(forcing_.narrow(0, 0, 0), vorticity_), HasSubstr("forcing's shape = [0, 2, 8, 8] violates"));
  EXPECT_THAT(told(forcing_, vorticity_.narrow(0, 0, 2)),
              HasSubstr("vorticity's shape = [2, 8, 8] violates that of forcing [3, 2, 8, 8]"));
  EXPECT_THAT(told(without_mean(at::randn({3, 2, 4, 4})), vorticity_),
              HasSubstr("points along a side = 4 violates >= 8"));
}

TEST_F(FlowFileTest, SaysWhichSampleHoldsWhatItMustNot) {
  Tensor bad = forcing_.clone();
  bad[1][0][2][3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(told(bad, vorticity_), HasSubstr("forcing of sample 1 = NaN or infinity violates finite"));
  bad = vorticity_.clone();
  bad[2][0][0] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(told(forcing_, bad), HasSubstr("vorticity of sample 2 = NaN or infinity violates finite"));
  bad = forcing_.clone();
  bad[2][1] += 0.5;
  EXPECT_THAT(told(bad, vorticity_),
              AllOf(HasSubstr("forcing of sample 2 has a mean of 0.5, which violates 0"), HasSubstr("subtract it")));
  EXPECT_THAT(told(forcing_, vorticity_ + 1e-3), HasSubstr("vorticity of sample 0 has a mean of 0.001"));
}

TEST_F(FlowFileTest, SaysWhatIsMissing) {
  write_arrays(folder_ / "a.npz", {{"forcings", forcing_}});
  EXPECT_THAT(refusal([&] { read_flows(folder_ / "a.npz"); }),
              HasSubstr("has no array 'forcing', but 'forcings'; rename it"));
  write_arrays(folder_ / "a.h5", {{"u", forcing_}});
  EXPECT_THAT(refusal([&] { read_flows(folder_ / "a.h5"); }), HasSubstr("has no array 'forcing'; name it so"));
  EXPECT_THAT(refusal([&] { read_flows(folder_); }), HasSubstr("has no array 'forcing'"));
  EXPECT_THAT(refusal([&] { read_flows(folder_ / "b.npz"); }), HasSubstr("no file at"));
  write_arrays(folder_ / "a.npz", {{"forcing", (forcing_ * 9).to(at::kLong)}});
  EXPECT_THAT(refusal([&] { read_flows(folder_ / "a.npz"); }), HasSubstr("forcing is i64 violates float32 or float64"));
  EXPECT_THAT(refusal([&] {
                write_arrays(folder_ / "a.csv", {{"forcing", forcing_}});
              }),
              HasSubstr("violates *.npz, *.h5"));
}

// A drawn set written as a file of the user's own is the same set.
TEST_F(FlowFileTest, AStudyTakesItsFlowsFromAFile) {
  DataConfig config{.train = 3, .test = 2, .generate = {.grid = 16, .solved = {.peak = 2, .spread = 1, .size = 1e-3}}};
  const FlowData drawn = make_data(config, folder_ / "drawn", 1).value();
  config.file = (folder_ / "own.h5").string();
  write_arrays(config.file, {{"forcing", at::cat({drawn.train.forcing, drawn.test.forcing})},
                             {"vorticity", at::cat({drawn.train.vorticity, drawn.test.vorticity})}});
  const FlowData data = make_data(config, folder_ / "own", 1).value();
  const FlowArrays test = read_flows(folder_ / "drawn" / "data.safetensors");
  EXPECT_TRUE(test.vorticity.equal(drawn.test.vorticity)) << "a run's data are its test flows";
  EXPECT_EQ(data.sha256, drawn.sha256);
  EXPECT_TRUE(data.test.vorticity.equal(drawn.test.vorticity));
  EXPECT_GT(data.train.residual.min().item<double>(), 0);
  EXPECT_LE(data.train.residual.max().item<double>(), 1e-4) << "float32 vorticity under a Laplacian";
  EXPECT_EQ(data.test.draw[0].item<std::int64_t>(), 3);

  config.test = 3;
  EXPECT_THAT(refusal([&] { make_data(config, folder_ / "more", 1); }), HasSubstr("train + test = 6 violates <= 5"));
  write_arrays(config.file, {{"forcing", drawn.train.forcing}});
  EXPECT_THAT(refusal([&] { make_data(config, folder_ / "none", 1); }), HasSubstr("has no array 'vorticity'"));
}

}  // namespace
}  // namespace fathom::pde
