// fathom study imaging through the program: files, record, report, exit codes.
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

// A denoiser of four channels, a few updates, crops of 32 x 32 from drawn photos.
Outcome tiny(const Scratch& scratch, const std::string& command, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {command, "imaging", "--threads", "1", "--out", "run", "--quiet"};
  for (const char* set :
       {"data.crop=32", "data.train=4", "data.test=2", "data.photos=2", "data.side=48", "network.widths=[4, 4, 4, 4]",
        "network.blocks=1", "denoiser.updates=2", "denoiser.batch=1", "train.updates=2", "train.batch=2",
        "train.iterations=3", "train.adjoint_steps=3", "rivals.equal=updates", "rivals.layers=[2]",
        "study.iterations=4", "study.perturbed=1", "study.frequencies=[0.5]", "study.pictured=[1, 4]"}) {
    arguments.push_back("--set");
    arguments.push_back(set);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments, scratch.path());
}

TEST(Imaging, StudiesDrawsTrainsAndPictures) {
  const Scratch scratch;
  const Outcome study = tiny(scratch, "study");
  ASSERT_EQ(study.code, 0) << study.err;
  EXPECT_THAT(study.out, AllOf(HasSubstr("implicit-hqs"), HasSubstr("implicit-pgd"), HasSubstr("drunet"),
                               HasSubstr("unrolled-hqs-2"), HasSubstr("blurred"), HasSubstr("training memory, MB")));
  const base::StudyRecord record = io::read_study_record(scratch.path() / "run/study.json");
  EXPECT_EQ(record.domain, "imaging");
  EXPECT_EQ(record.fields.size(), 2u);
  EXPECT_THAT(base::read_file(scratch.path() / "run/report.html"),
              AllOf(HasSubstr("A test crop"), HasSubstr("data:image/png;base64,"), HasSubstr("t = 4")));
  EXPECT_THAT(base::read_file(scratch.path() / "run/strip-implicit-hqs.svg"),
              AllOf(StartsWith("<svg"), HasSubstr("sharp")));

  const Outcome again = tiny(scratch, "study", {"--resume"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, study.out);
}

TEST(Imaging, StagesRunAlone) {
  const Scratch scratch;
  ASSERT_EQ(tiny(scratch, "data").code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "run/data.safetensors"));
  const Outcome early = tiny(scratch, "eval");
  EXPECT_EQ(early.code, 1);
  EXPECT_THAT(early.err, HasSubstr("train the models first"));
  ASSERT_EQ(tiny(scratch, "train").code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "run/models/denoiser-seed0.safetensors"));
  EXPECT_EQ(tiny(scratch, "eval").code, 0);
}

TEST(Imaging, MisuseIsAnsweredInOneLine) {
  const Scratch scratch;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"data.crop=36", "data.crop = 36 violates a multiple of 8"},
      {"data.side=31", "violates [32, 4096]"},
      {"data.test_crop=36", "data.test_crop = 36 violates 0, or a multiple of 8"},
      {"data.test_crop=24", "data.test_crop = 24 violates 0, or a multiple of 8 from 32 on"},
      {"data.test_crop=64", "data.side = 48 violates >= 64, the largest crop"},
      {"network.widths=[4, 4]", "network.widths = [4, 4] violates four numbers"},
      {"network.channels=1", "network.channels = 1 violates == 3"},
      {"study.pictured=[5]", "study.pictured = [5] violates <= study.iterations = 4"},
      {"study.frequencies=[]", "violates one frequency or more"},
      {"train.gradient=hooks", "violates hook|implicit|phantom"},
      {"train.updatse=3", "did you mean 'train.updates'?"}};
  for (const auto& [set, text] : cases) {
    const Outcome outcome = tiny(scratch, "study", {"--set", set});
    EXPECT_EQ(outcome.code, 2) << set;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(text)));
    EXPECT_FALSE(std::filesystem::exists(scratch.path() / "run"));
  }
}

TEST(Imaging, AFolderWithoutPhotosIsAFailureThatSaysWhatIsMissing) {
  const Scratch scratch;
  const Outcome outcome = tiny(scratch, "study", {"--set", "data.folder=nowhere"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("data.folder needs train/ and test/ with PNG or JPEG files"));
}

}  // namespace
}  // namespace fathom::cli
