// What the front process answers by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> kCommands = {"study",    "data",  "train",  "eval",    "report",
                                            "solve-lp", "probe", "doctor", "options", "completion"};

TEST(Front, TellsItsVersion) {
  const Outcome outcome = run_program({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("fathom [0-9]+\\.[0-9]+\\.[0-9]+ \\([-a-z0-9]+\\)\n"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST(Front, HelpNamesEveryCommand) {
  const Outcome outcome = run_program({"--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const std::string& command : kCommands) EXPECT_THAT(outcome.out, HasSubstr("\n  " + command + " "));
}

TEST(Front, EveryCommandHasHelp) {
  for (const std::string& command : kCommands) {
    const Outcome outcome = run_program({command, "--help"});
    EXPECT_EQ(outcome.code, 0) << command;
    EXPECT_THAT(outcome.out, HasSubstr("Usage: fathom " + command));
    EXPECT_THAT(outcome.err, IsEmpty()) << command;
  }
}

TEST(Front, HelpWithADomainListsItsOptions) {
  EXPECT_THAT(run_program({"study", "lp", "--help"}).out, HasSubstr("stage1.epochs"));
  EXPECT_THAT(run_program({"study", "--help"}).out, Not(HasSubstr("stage1.epochs")));
}

// That is why these answers come in milliseconds: a hundred libraries stay on the disk.
TEST(Front, LoadsNoLibtorch) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--version"}, {"--help"}, {"study", "--help"}, {"options"}}) {
    const Outcome outcome = run_program(arguments, ".", {{"LD_DEBUG", "files"}});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.err, HasSubstr("libstdc++")) << "the loader did not report";
    for (const char* library : {"torch", "libc10", "libgomp", "openblas", "libfathom_commands"}) {
      EXPECT_THAT(outcome.err, Not(HasSubstr(library))) << arguments[0];
    }
  }
}

TEST(Front, ListsOptionsInThreeForms) {
  EXPECT_THAT(run_program({"options", "lp"}).out, HasSubstr("  stage1.epochs "));
  EXPECT_THAT(run_program({"options", "lp", "--json"}).out,
              AllOf(StartsWith("{"), HasSubstr("\"name\": \"stage1.epochs\""), EndsWith("}\n")));
  EXPECT_THAT(run_program({"options", "--markdown"}).out, HasSubstr("| `stage1.epochs` |"));
}

TEST(Front, OptionsFollowThePreset) {
  EXPECT_THAT(run_program({"options", "lp", "--preset", "paper"}).out, HasSubstr("[4, 8, 16, 32]"));
}

TEST(Front, OptionsPageIsFresh) {
  const std::string page = base::read_file(std::filesystem::path(FATHOM_SOURCE_DIR) / "docs/options.md");
  EXPECT_TRUE(page == run_program({"options", "--markdown"}).out)
      << "docs/options.md is stale: build/release/bin/fathom options --markdown > docs/options.md";
}

TEST(Completion, KnowsCommandsFlagsAndKeysInEveryShell) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome outcome = run_program({"completion", shell});
    EXPECT_EQ(outcome.code, 0) << shell;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("study"), HasSubstr("dry-run"), HasSubstr("stage1.epochs"),
                                   HasSubstr("quick full paper")));
  }
}

TEST(Completion, RefusesAnotherShell) {
  const Outcome outcome = run_program({"completion", "tcsh"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("bash|zsh|fish"));
}

}  // namespace

}  // namespace fathom::cli
