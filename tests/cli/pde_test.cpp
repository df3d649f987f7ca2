// fathom study pde through the program: files, record, report, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/io/study_record.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Networks of four channels on a grid of 16 x 16, two passes over four flows.
Outcome tiny(const Scratch& scratch, const std::string& command, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {command, "pde", "--threads", "1", "--out", "run", "--quiet"};
  for (const char* set :
       {"data.train=4", "data.test=2", "data.generate.grid=16", "data.generate.viscosity=0.05",
        "data.generate.solved.peak=2", "data.generate.solved.spread=1", "data.generate.solved.size=0.001",
        "network.width=4", "network.modes=3", "train.epochs=2", "train.batch=2", "train.pretrain=1",
        "train.pretrain_depth=2", "train.solver_steps=3", "rivals.depths=[1]", "study.iterations=4",
        "study.perturbed=1", "study.frequencies=[0.5]", "study.pictured=[1, 4]"}) {
    arguments.push_back("--set");
    arguments.push_back(set);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments, scratch.path());
}

TEST(Pde, StudiesDrawsTrainsAndPictures) {
  const Scratch scratch;
  const Outcome study = tiny(scratch, "study");
  ASSERT_EQ(study.code, 0) << study.err;
  EXPECT_THAT(study.out, AllOf(HasSubstr("implicit-4"), HasSubstr("fno-4"), HasSubstr("fno++norm-4"),
                               HasSubstr("fno++-4"), HasSubstr("PDE residual")));
  const base::StudyRecord record = io::read_study_record(scratch.path() / "run/study.json");
  EXPECT_EQ(record.domain, "pde");
  EXPECT_EQ(record.models.size(), 4u);
  EXPECT_EQ(record.fields.size(), 1u);
  EXPECT_THAT(base::read_file(scratch.path() / "run/report.html"),
              AllOf(HasSubstr("A test flow"), HasSubstr("data:image/png;base64,"), HasSubstr("prediction, t = 4")));
  EXPECT_THAT(base::read_file(scratch.path() / "run/flow.svg"), AllOf(StartsWith("<svg"), HasSubstr("vorticity")));
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "run/models/fnoppnorm-4-seed0.safetensors"));

  const Outcome again = tiny(scratch, "study", {"--resume"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, study.out);
}

TEST(Pde, StagesRunAlone) {
  const Scratch scratch;
  ASSERT_EQ(tiny(scratch, "data").code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "run/data.safetensors"));
  const Outcome early = tiny(scratch, "eval");
  EXPECT_EQ(early.code, 1);
  EXPECT_THAT(early.err, HasSubstr("train the networks first"));
  ASSERT_EQ(tiny(scratch, "train").code, 0);
  EXPECT_EQ(tiny(scratch, "eval").code, 0);
}

TEST(Pde, MisuseIsAnsweredInOneLine) {
  const Scratch scratch;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"network.modes=9", "network.modes = 9 violates <= 8"},
      {"study.pictured=[5]", "study.pictured = [5] violates <= study.iterations = 4"},
      {"protocol=papers", "violates physical|paper"},
      {"data.generate.viscosity=0", "violates > 0"},
      {"network.widht=3", "did you mean 'network.width'?"}};
  for (const auto& [set, text] : cases) {
    const Outcome outcome = tiny(scratch, "study", {"--set", set});
    EXPECT_EQ(outcome.code, 2) << set;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(text)));
    EXPECT_FALSE(std::filesystem::exists(scratch.path() / "run"));
  }
}

}  // namespace
}  // namespace fathom::cli
