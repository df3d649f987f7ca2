// Misuse: one clear line, exit code 2, nothing written.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kSource = FATHOM_SOURCE_DIR;

struct Misuse {
  std::vector<std::string> arguments;
  std::string says;
};

void expect_refused(const Misuse& misuse, const Scratch& folder) {
  const Outcome outcome = run_program(misuse.arguments, folder.path());
  SCOPED_TRACE(testing::PrintToString(misuse.arguments));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(misuse.says)));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(Usage, MisuseIsOneLineAndLeavesNothing) {
  const Scratch folder;
  const std::vector<Misuse> misuses = {
      {{}, "a command is needed"},
      {{"stduy"}, "unknown command 'stduy'; did you mean 'study'?"},
      {{"frobnicate"}, "unknown command 'frobnicate'; see `fathom --help`"},
      {{"--vresion"}, "unknown option '--vresion'; did you mean '--version'?"},
      {{"study"}, "study: domain is needed (lp|llm|map|theory|imaging|pde|puzzle)"},
      {{"study", "lq"}, "unknown domain 'lq'; did you mean 'lp'?"},
      {{"study", "lp", "--sed", "3"}, "unknown option '--sed'; did you mean '--seed'?"},
      {{"study", "lp", "more"}, "unknown argument 'more'"},
      {{"study", "lp", "--seed"}, "--seed"},
      {{"study", "lp", "--seed", "x"}, "'x' violates type integer"},
      {{"study", "lp", "--seed", "1", "--seed", "2"}, "--seed"},
      {{"study", "lp", "--seeds", "0"}, "seeds = 0 violates [1, 100]"},
      {{"study", "lp", "--threads", "-1"}, "threads = -1 violates [0, 1024]"},
      {{"study", "lp", "--preset", "quik"}, "did you mean 'quick'?"},
      {{"study", "lp", "--set", "stage1.epochs"}, "not of the form room.key=value"},
      {{"study", "lp", "--set", "=3"}, "not of the form room.key=value"},
      {{"study", "lp", "--set", "stage1.epoch=3"}, "unknown option 'stage1.epoch'; did you mean 'stage1.epochs'?"},
      {{"study", "lp", "--set", "stage1.lr=0"}, "stage1.lr = 0 violates > 0"},
      {{"study", "lp", "--set", "stage1.lr=nan"}, "stage1.lr = nan violates > 0"},
      {{"study", "lp", "--set", "stage1.gradient=implict"}, "did you mean 'implicit'?"},
      {{"study", "lp", "--set", "embeddings=[]"}, "embeddings = [] violates one width or more"},
      {{"study", "lp", "--set", "embeddings=[4,8,4]"}, "embeddings = [4, 8, 4] violates distinct widths"},
      {{"study", "lp", "--set", "rivals.learning_rates=[]"}, "rivals.learning_rates = [] violates"},
      {{"study", "lp", "--set", "data.generate.nnz=501"}, "data.generate.nnz = 501 violates <= m*n = 500"},
      {{"study", "lp", "--set", "stage2.least_depth=9"}, "stage2.least_depth = 9 violates <= stage2.depth = 8"},
      {{"study", "lp", "--config", "absent.toml"}, "no file at absent.toml"},
      {{"study", "lp", "--config", "."}, "is a folder"},
      {{"solve-lp"}, "solve-lp: program is needed (FILE)"},
      {{"solve-lp", "absent.mps"}, "solve-lp: no file at absent.mps"},
      {{"solve-lp", kSource + "/README.md", "--model", "absent"}, "solve-lp: --model: no file at absent"},
      {{"solve-lp", kSource + "/README.md", "--start", "."}, "solve-lp: --start: a file is needed, not the folder ."},
      {{"solve-lp", "."}, "a file is needed, not the folder ."},
      {{"solve-lp", "absent.mps", "--jso"}, "did you mean '--json'?"},
      {{"probe", "absent.safetensors"}, "probe: no file at absent.safetensors"},
      {{"probe", "model.pt", "--input"}, "--input"},
      {{"doctor", "--threads", "many"}, "'many' violates type integer"},
      {{"options", "lq"}, "unknown domain 'lq'"},
      {{"completion"}, "shell is needed (bash|zsh|fish)"},
  };
  for (const Misuse& misuse : misuses) expect_refused(misuse, folder);
  EXPECT_TRUE(folder.is_empty()) << "a refused command wrote something";
}

TEST(Usage, EngineRefusesAnUnknownDeviceBeforeWriting) {
  const Scratch folder;
  expect_refused({{"data", "lp", "--device", "tpu"}, "device = 'tpu' violates cpu|cuda|cuda:N"}, folder);
  EXPECT_TRUE(folder.is_empty());
}

struct BadFile {
  std::string text;
  std::string says;
};

TEST(Usage, BadConfigFileNamesItsLine) {
  const std::vector<BadFile> files = {
      {"seed = 1\nseed = 2\n", "run.toml:2: not TOML"},
      {"[stage1]\nepochs = \n", "run.toml:2: not TOML"},
      {"[stage1]\nlr = 0.1\nepoch = 3\n",
       "run.toml:3: [options] unknown option 'stage1.epoch'; did you mean 'stage1.epochs'?"},
      {"\n\n[stage1]\nlr = -1.0\n", "run.toml:4: [options] stage1.lr = -1 violates > 0"},
      {"seed = 1979-05-27\n", "run.toml:1: seed holds a value of a kind that no option takes"},
      {"[[data]]\ntrain = 3\n", "data holds a value of a kind that no option takes"},
      {"preset = \"huge\"\n", "run.toml:1: [options] preset = 'huge' violates quick|full|paper"},
      {std::string("seed = 1\0\n", 10), "not TOML"},
      {std::string(100000, '['), "not TOML"},
  };
  for (const BadFile& file : files) {
    const Scratch folder;
    folder.write("run.toml", file.text);
    expect_refused({{"study", "lp", "--config", "run.toml"}, file.says}, folder);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "wrote beside run.toml";
  }
}

}  // namespace

}  // namespace fathom::cli
