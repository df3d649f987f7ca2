#include "fathom/domain/lp/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "fathom/base/error.h"
#include "fathom/io/mps.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/device.h"

namespace fathom::lp {
namespace {

using ::testing::HasSubstr;

// max x + y, x + y <= 4 (or a range), 0 <= x <= 3, 0 <= y, objective constant 10 (written as an RHS of -10).
constexpr const char* kSmall =
    "NAME small\nOBJSENSE\n    MAX\nROWS\n N  gain\n L  both\nCOLUMNS\n    x  gain  1.0  both  1.0\n    y  gain  1.0  "
    "both  1.0\n"
    "RHS\n    rhs  both  4.0  gain  -10.0\nBOUNDS\n UP bnd  x  3.0\nENDATA\n";

Imported imported(const std::string& text) { return from_mps(io::parse_mps(text, "test"), "test"); }

// An untrained model: whatever it predicts, judging and refining must be right.
Trained untrained(bool bound_flags) {
  Trained t;
  t.spec = {
      .name = "implicit-4", .kind = "implicit", .options = {.embedding = 4, .bound_flags = bound_flags}, .depth = 3};
  t.model = make_model(t.spec, 1);
  return t;
}

TEST(LpPredict, StaysInsideTheBoundsAtAnySize) {
  const Imported program = imported(kSmall);
  const std::vector<double> x = predict(untrained(true), program.instance);
  ASSERT_EQ(x.size(), 2u);
  EXPECT_TRUE(x[0] >= 0 && x[0] <= 3 && x[1] >= 0 && std::isfinite(x[1]));
  EXPECT_THROW(predict(untrained(false), program.instance), Error) << "an infinite bound without a flag for it";
}

// The shipped model with one thing changed: what load_trained says of it.
template <class Change>
std::string refusal_of_model(Change change) {
  io::Safetensors file = io::read_safetensors(std::filesystem::path(FATHOM_SOURCE_DIR) / "models/lp.safetensors");
  change(file);
  const auto path = std::filesystem::temp_directory_path() / "fathom_damaged_model.safetensors";
  io::write_safetensors(path, file);
  std::string said = "accepted";
  try {
    load_trained(path);
  } catch (const UsageError& error) {
    said = std::string("blames the command line: ") + error.what();
  } catch (const Error& error) {
    said = error.what();
  }
  std::filesystem::remove(path);
  return said;
}

std::string refusal_of_entry(const std::string& key, const std::string& value) {
  return refusal_of_model([&](io::Safetensors& file) { file.metadata[key] = value; });
}

TEST(LpModelFile, DamagedEntriesAreRefusedBeforeAnythingIsMade) {
  EXPECT_EQ(refusal_of_model([](io::Safetensors&) {}), "accepted");
  EXPECT_THAT(refusal_of_entry("embedding", "1000000000"), HasSubstr("embedding = 1000000000 violates [1, 256]"));
  EXPECT_THAT(refusal_of_entry("embedding", "-1"), HasSubstr("embedding = -1 violates [1, 256]"));
  EXPECT_THAT(refusal_of_entry("embedding", "wide"), HasSubstr("embedding = 'wide' violates type integer"));
  EXPECT_THAT(refusal_of_entry("depth", "-5"), HasSubstr("depth = -5 violates"));
  EXPECT_THAT(refusal_of_entry("rounds", "99999999"), HasSubstr("rounds = 99999999 violates"));
  EXPECT_THAT(refusal_of_entry("kind", "implict"), HasSubstr("did you mean 'implicit'?"));
  EXPECT_THAT(refusal_of_entry("format", "other"), HasSubstr("is not a model for linear programs"));
  EXPECT_THAT(refusal_of_model([](io::Safetensors& file) { file.metadata.erase("name"); }),
              HasSubstr("says nothing of 'name'"));
}

TEST(LpModelFile, WeightsThatAreNoNumbersAreRefused) {
  const auto poison = [](io::Safetensors& file) {
    for (io::TensorRecord& tensor : file.tensors) {
      if (tensor.name == "weight:output_module.2.weight") {
        tensor = io::from_doubles(tensor.name, tensor.shape, std::vector<double>(8, std::nan("")));
      }
    }
  };
  EXPECT_THAT(refusal_of_model(poison), HasSubstr("'output_module.2.weight' in"));
}

TEST(LpPredict, JudgesInTheModelsOwnUnits) {
  const Answer a = answer(imported(kSmall), {1, 1}, false);
  EXPECT_EQ(a.status, "predicted");
  EXPECT_DOUBLE_EQ(a.objective, 12);  // 1 + 1 + 10
  EXPECT_DOUBLE_EQ(a.optimum, 14);
  EXPECT_DOUBLE_EQ(a.gap, 2.0 / 15);
  EXPECT_EQ(a.infeasibility, 0);
  EXPECT_EQ(a.iterations, -1);
  EXPECT_THAT(a.message, HasSubstr("far off"));
  EXPECT_THAT(answer(imported(kSmall), {3, 1}, false).message, HasSubstr("close to a solution"));
}

TEST(LpPredict, RefinesToTheOptimum) {
  const Answer a = answer(imported(kSmall), {0.5, 9}, true);
  EXPECT_EQ(a.status, "optimal");
  EXPECT_NEAR(a.objective, 14, 1e-9);
  EXPECT_NEAR(a.gap, 0, 1e-9);
  EXPECT_GE(a.iterations, 0);
  EXPECT_GE(a.cold_iterations, 0);
  EXPECT_GT(a.predicted_infeasibility, 0);
  EXPECT_THAT(a.message, HasSubstr("simplex iterations from the prediction"));
}

TEST(LpPredict, SaysInfeasibleAndUnbounded) {
  const Answer none = answer(
      imported("ROWS\n N  f\n L  r\n G  s\nCOLUMNS\n    x  f  1  r  1\n    x  s  1\nRHS\n    b  r  1  s  2\nENDATA\n"),
      {0}, true);
  EXPECT_EQ(none.status, "infeasible");
  EXPECT_TRUE(std::isnan(none.objective) && none.x.empty());
  const Answer endless =
      answer(imported("ROWS\n N  f\n G  r\nCOLUMNS\n    x  f  -1  r  1\nRHS\n    b  r  1\nENDATA\n"), {0}, true);
  EXPECT_EQ(endless.status, "unbounded");
  EXPECT_THAT(endless.message, HasSubstr("unbounded"));
}

TEST(LpPredict, NetlibReachesItsOptimaFromAnUntrainedModelsPrediction) {
  const char* data = std::getenv("FATHOM_DATA");
  if (!data || !std::filesystem::exists(std::filesystem::path(data) / "netlib"))
    GTEST_SKIP() << "FATHOM_DATA names no folder with netlib/";
  tensor::set_threads(1);
  const Trained model = untrained(true);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(data) / "netlib")) {
    if (entry.path().extension() != ".mps") continue;
    const Imported program = from_mps(io::read_mps(entry.path()), entry.path().string());
    const Answer a = answer(program, predict(model, program.instance), true);
    EXPECT_EQ(a.status, "optimal") << entry.path();
    EXPECT_LE(std::abs(a.objective - a.optimum), 1e-6 * (1 + std::abs(a.optimum))) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 8);
}

}  // namespace
}  // namespace fathom::lp
