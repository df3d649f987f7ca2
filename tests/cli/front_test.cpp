// What the front process answers by itself.
#include <cstdlib>
#include <sstream>

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

const std::vector<std::string> kCommands = {"study",    "data",       "train",  "eval",  "report", "solve-lp",
                                            "generate", "chat",       "serve",  "probe", "doctor", "bench",
                                            "options",  "completion", "puzzle", "flow",  "deblur", "convert"};

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

// What bash offers after `line`, by the script's own function.
std::vector<std::string> bash_offers(const Scratch& folder, const std::vector<std::string>& line) {
  std::string words;
  for (const std::string& word : line) words += " '" + word + "'";
  folder.write("ask.sh", "source completion.bash\nCOMP_WORDS=(" + words +
                             ")\nCOMP_CWORD=" + std::to_string(line.size() - 1) +
                             "\ncompopt() { :; }\n_fathom\nprintf '%s\\n' \"${COMPREPLY[@]}\" > offers\n");
  EXPECT_EQ(std::system(("cd '" + folder.path().string() + "' && bash --norc ask.sh").c_str()), 0);
  std::istringstream text(base::read_file(folder.path() / "offers"));
  std::vector<std::string> offers;
  for (std::string word; text >> word;) offers.push_back(word);
  return offers;
}

TEST(Completion, BashOffersWhatFits) {
  const Scratch folder;
  folder.write("completion.bash", run_program({"completion", "bash"}).out);
  folder.write("model.mps", "");
  using testing::Contains;
  using testing::ElementsAre;
  EXPECT_THAT(bash_offers(folder, {"fathom", "stu"}), ElementsAre("study"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", ""}), Contains("lp"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--pre"}), ElementsAre("--preset"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--preset", "q"}), ElementsAre("quick"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--preset", "=", "q"}), ElementsAre("quick"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--preset", "="}), ElementsAre("quick", "full", "paper"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--device", ""}), ElementsAre("cpu", "cuda"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--set", "stage1.ep"}), ElementsAre("stage1.epochs="));
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--set", "stage1.epochs", "="}), IsEmpty());
  EXPECT_THAT(bash_offers(folder, {"fathom", "study", "lp", "--seed", ""}), IsEmpty()) << "a number";
  EXPECT_THAT(bash_offers(folder, {"fathom", "solve-lp", "mod"}), ElementsAre("model.mps"));
  EXPECT_THAT(bash_offers(folder, {"fathom", "solve-lp", "--model", "mod"}), ElementsAre("model.mps"));
}

TEST(Completion, BashQuotesNothingButFiles) {
  // With `-o filenames` for the whole command, the word data would become data/ beside a folder of that name.
  EXPECT_THAT(run_program({"completion", "bash"}).out, HasSubstr("\ncomplete -F _fathom fathom\n"));
}

TEST(Completion, RefusesAnotherShell) {
  const Outcome outcome = run_program({"completion", "tcsh"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("bash|zsh|fish"));
}

}  // namespace

}  // namespace fathom::cli
