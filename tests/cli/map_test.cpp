// A TorchScript map of one's own: probed and studied without training.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string golden(const std::string& name) {
  return (fs::path(FATHOM_SOURCE_DIR) / "tests" / "golden" / "map" / name).string();
}

Outcome study(const Scratch& folder, const std::string& model, const std::string& input,
              std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"study", "map",   "--out",          "run",   "--threads",
                                        "1",     "--set", "model=" + model, "--set", "input=" + input};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments, folder.path());
}

void expect_one_line(const Outcome& outcome, int code, const std::string& says) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(says)));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(OwnMap, ProbeSaysWhatTheBlockDoes) {
  const Scratch folder;
  const Outcome outcome = run_program({"probe", golden("cell.pt"), "--input", golden("samples.npz"), "--samples", "4",
                                       "--threads", "1", "--plots", "plots"},
                                      folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("cell, probed on 4 samples of"), HasSubstr("spectral radius of dG/dy"),
                                 HasSubstr("contractive at every fixed point probed"), HasSubstr("Picard: 4 converged"),
                                 HasSubstr("looks regular: mu = ||dG/dy|| is at most 0.")));
  EXPECT_TRUE(fs::exists(folder.path() / "plots/mu.svg"));
  EXPECT_TRUE(fs::exists(folder.path() / "plots/lipschitz.svg"));
}

TEST(OwnMap, ProbeGivesJson) {
  const Outcome outcome =
      run_program({"probe", golden("traced.pt"), "--input", golden("samples.npz"), "--json", "--threads", "1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("{"), HasSubstr("\"model\": \"traced\""), HasSubstr("\"sigma_max\": [")));
}

TEST(OwnMap, StudyLeavesRecordReportAndPictures) {
  const Scratch folder;
  const Outcome outcome = study(folder, golden("cell.pt"), golden("samples.npz"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("cell"), HasSubstr("implicit"), HasSubstr("rel_l2")));
  for (const char* file : {"config.toml", "study.json", "report.html", "error.svg", "residual.svg", "lipschitz.svg"}) {
    EXPECT_TRUE(fs::is_regular_file(folder.path() / "run" / file)) << file;
  }
  const std::string record = base::read_file(folder.path() / "run/study.json");
  EXPECT_THAT(record, AllOf(HasSubstr("\"quantity\":\"error\""), HasSubstr("\"quantity\":\"residual\""),
                            HasSubstr("\"quantity\":\"lipschitz\"")));
  const Outcome again = study(folder, golden("cell.pt"), golden("samples.npz"), {"--resume"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("finished already"));
}

TEST(OwnMap, WhatIsNoMapIsOneLineAndLeavesNothing) {
  const Scratch folder;
  const std::string samples = golden("samples.npz");
  const fs::path text = folder.write("text.pt", "not an archive"), broken = folder.write("broken.pt", "PK\x03\x04 no");
  const std::vector<std::pair<std::string, std::string>> refused = {
      {golden("one_argument.pt"), "forward takes (y)"},
      {golden("number_argument.pt"), "argument 'x' of forward is a float"},
      {golden("pair.pt"), "returned a Tuple"},
      {golden("wider.pt"), "of shape [6, 8]"},
      {golden("mixing.pt"), "depends on the other rows"},
      {text.string(), "no TorchScript file"},
      {broken.string(), "no TorchScript file"},
  };
  for (const auto& [model, says] : refused) {
    SCOPED_TRACE(model);
    expect_one_line(run_program({"probe", model, "--input", samples, "--threads", "1"}, folder.path()), 1, says);
    expect_one_line(study(folder, model, samples), 1, says);
  }
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

TEST(OwnMap, InputsThatAreMissingOrWrongAreNamed) {
  const Scratch folder;
  expect_one_line(run_program({"probe", golden("cell.pt")}, folder.path()), 2, "with --input");
  expect_one_line(run_program({"probe", golden("cell.pt"), "--input", "absent.npz"}, folder.path()), 2,
                  "no file at --input absent.npz");
  expect_one_line(run_program({"probe", golden("cell.pt"), "--input", golden("cell.pt")}, folder.path()), 1, "cell.pt");
  expect_one_line(study(folder, "absent.pt", golden("samples.npz")), 2, "no file at model = absent.pt");
  expect_one_line(run_program({"study", "map"}, folder.path()), 2, "model is needed; name it with --set model=FILE");
  EXPECT_TRUE(folder.is_empty());
}

}  // namespace

}  // namespace fathom::cli
