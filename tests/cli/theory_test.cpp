// `fathom study theory` at a tiny size: what it leaves, what it refuses, how it goes on.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/io/study_record.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> study(std::vector<std::string> settings, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"study", "theory", "--out", "run", "--threads", "1"};
  for (std::string& setting : settings) arguments.insert(arguments.end(), {"--set", std::move(setting)});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

const std::vector<std::string> kTiny = {
    "constructed.targets=tangent", "learned.targets=reciprocal", "constructed.points=40",     "constructed.rtol=1e-6",
    "learned.bounds=[5]",          "learned.width=16",           "learned.explicit_width=32", "learned.points=32",
    "learned.updates=20",          "learned.trial_updates=2",    "learned.depth=5",           "learned.iterations=10",
    "learned.equal_time=false"};

TEST(StudyTheory, LeavesRecordReportPicturesAndModels) {
  const Scratch folder;
  const Outcome outcome = run_program(study(kTiny), folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("implicit-16 reciprocal L=5"), HasSubstr("best function reciprocal L=5"),
                                 HasSubstr("tan x: running maximum of Lip(y_t)")));
  for (const char* file : {"config.toml", "study.json", "report.html", "tangent-map.svg", "approach-constant.svg",
                           "models/implicit-16-reciprocal-L-5-seed0.safetensors"}) {
    EXPECT_TRUE(fs::is_regular_file(folder.path() / "run" / file)) << file;
  }
  const base::StudyRecord record = io::read_study_record(folder.path() / "run/study.json");
  EXPECT_EQ(record.domain, "theory");
  EXPECT_EQ(record.models.size(), 3u);
  EXPECT_FALSE(record.curves.empty());
  EXPECT_THAT(base::read_file(folder.path() / "run/report.html"),
              AllOf(HasSubstr("Predicted:"), HasSubstr("Measured"), HasSubstr("Necessity")));
  for (const base::Check& check : record.checks) {
    if (check.name.find("tan x") == 0 || check.name.find("y - eta") == 0 || check.name.find("necessity") == 0) {
      EXPECT_TRUE(check.ok) << check.name;
    }
  }

  const Outcome again = run_program(study(kTiny, {"--resume"}), folder.path());
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("finished already"));
}

TEST(StudyTheory, TakesATargetOfOnesOwn) {
  const Scratch folder;
  const Outcome outcome =
      run_program(study({"target.expression=sin(1/x)", "target.margin=0.05", "constructed.targets=none",
                         "constructed.points=60", "learned.targets=none"},
                        {"--json"}),
                  folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("{"), HasSubstr("sin(1/x): running maximum of Lip(y_t)")));
  const base::StudyRecord record = io::parse_study_record(outcome.out, "stdout");
  EXPECT_TRUE(record.models.empty());
  for (const base::Check& check : record.checks) EXPECT_TRUE(check.ok) << check.name;
}

TEST(StudyTheory, RefusesTargetsInOneLineAndLeavesNothing) {
  const Scratch folder;
  const std::vector<std::pair<std::vector<std::string>, std::string>> refused = {
      {{"target.expression=1/("}, "at character"},
      {{"target.expression=sin(z)"}, "violates a formula in x"},
      {{"target.expression=log(x)", "target.low=-1"}, "violates finite on the probed set"},
      {{"constructed.targets=tangant"}, "did you mean 'tangent'?"},
      {{"learned.iterations=3"}, "learned.iterations = 3 violates >= learned.depth"},
  };
  for (const auto& [settings, says] : refused) {
    const Outcome outcome = run_program(study(settings), folder.path());
    SCOPED_TRACE(settings[0]);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(says)));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
  }
  EXPECT_TRUE(folder.is_empty());
}

TEST(StudyTheory, DryRunPrintsTheOptions) {
  const Outcome outcome = run_program({"study", "theory", "--dry-run", "--preset", "full", "--seed", "7"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("[learned]"), HasSubstr("bounds = [5, 10, 15, 20]"), HasSubstr("seed = 7")));
}

}  // namespace

}  // namespace fathom::cli
