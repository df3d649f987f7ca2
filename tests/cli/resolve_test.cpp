// defaults < preset < file < --set < flags, seen through --dry-run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

using testing::HasSubstr;
using testing::Not;

std::string dry_run(std::vector<std::string> arguments, const Scratch& folder) {
  arguments.insert(arguments.begin(), {"study", "lp", "--dry-run"});
  const Outcome outcome = run_program(arguments, folder.path());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome.out;
}

TEST(Resolve, PresetMovesTheDefaults) {
  const Scratch folder;
  EXPECT_THAT(dry_run({}, folder), HasSubstr("preset = \"quick\""));
  EXPECT_THAT(dry_run({"--preset", "paper"}, folder), HasSubstr("embeddings = [4, 8, 16, 32]"));
}

TEST(Resolve, LaterSourcesWin) {
  const Scratch folder;
  folder.write("run.toml", "seed = 5\nembeddings = [3]\n[stage1]\nepochs = 11\nlr = 0.5\n");
  const std::vector<std::string> file = {"--preset", "paper", "--config", "run.toml"};
  EXPECT_THAT(dry_run(file, folder), HasSubstr("embeddings = [3]")) << "the file wins over the preset";
  auto with_set = file;
  with_set.insert(with_set.end(), {"--set", "stage1.epochs=12", "--set", "seed=6"});
  EXPECT_THAT(dry_run(with_set, folder), AllOf(HasSubstr("epochs = 12"), HasSubstr("seed = 6"), HasSubstr("lr = 0.5")));
  with_set.insert(with_set.end(), {"--seed", "7"});
  EXPECT_THAT(dry_run(with_set, folder), HasSubstr("seed = 7")) << "the flag wins over --set";
}

TEST(Resolve, OfTwoSetsTheLastWins) {
  const Scratch folder;
  EXPECT_THAT(dry_run({"--set", "stage1.epochs=1", "--set", "stage1.epochs=2"}, folder), HasSubstr("epochs = 2"));
}

TEST(Resolve, FileMayNameThePreset) {
  const Scratch folder;
  folder.write("run.toml", "preset = \"paper\"\n");
  const std::string named = dry_run({"--config", "run.toml"}, folder);
  EXPECT_EQ(named, dry_run({"--preset", "paper"}, folder));
  EXPECT_EQ(dry_run({"--config", "run.toml", "--preset", "quick"}, folder), dry_run({}, folder));
}

TEST(Resolve, DryRunIsAcceptedBackUnchanged) {
  const Scratch folder;
  for (const char* preset : {"quick", "full", "paper"}) {
    const std::string printed =
        dry_run({"--preset", preset, "--set", "stage1.lr=0.1234567890123456789", "--set", "embeddings=5, 6"}, folder);
    folder.write("printed.toml", printed);
    EXPECT_EQ(dry_run({"--config", "printed.toml"}, folder), printed);
  }
}

TEST(Resolve, DryRunWritesNothing) {
  const Scratch folder;
  dry_run({"--out", "somewhere"}, folder);
  EXPECT_TRUE(folder.is_empty());
}

}  // namespace

}  // namespace fathom::cli
