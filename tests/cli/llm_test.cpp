// `fathom study llm` through the program, made tiny: flags, files, resume, what is refused.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/io/csv.h"
#include "fathom/io/study_record.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// Seconds on one core.
constexpr const char* kTiny = R"(threads = 1
[data]
window = 24
block = 64
held_out = 0.2
[model]
width = 32
heads = 2
hidden = 64
recurrences = 4
backprop_depth = 2
context = 64
[train]
steps = 12
warmup = 2
[study]
iterations = 8
windows = 2
perturbed = 1
exit_windows = 1
exit_thresholds = [0.3]
exit_divergences = [0.01]
pair_steps = [2, 4]
pair_tokens = 40
)";

void write_inputs(const Scratch& folder) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += i % 3 == 0 ? "the cat sat. " : "a cat ate. ";
  folder.write("text.txt", text);
  folder.write("tiny.toml", kTiny);
  folder.write("pairs.csv", "index,input 1,input 2\n1,the cat sat.,the cat ate.\n2,a cat,the cat\n");
}

TEST(Llm, StudyTrainsMeasuresAndAnswersPairs) {
  const Scratch folder;
  write_inputs(folder);
  const std::vector<std::string> command = {"study",     "llm",      "--train",   "text.txt", "--pairs",
                                            "pairs.csv", "--config", "tiny.toml", "--out",    "run"};
  const Outcome outcome = run_program(command, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("looped"), HasSubstr("feed-forward"), HasSubstr("bigram")));
  for (const char* file :
       {"config.toml", "data.safetensors", "study.json", "report.html", "nats-per-byte.svg", "steps-by-certainty.svg",
        "loss-by-steps.svg", "answer-lipschitz.svg", "pairs.csv", "models/looped-seed0/config.json",
        "models/looped-seed0/model.safetensors", "models/looped-seed0/tokenizer.json"}) {
    EXPECT_TRUE(fs::is_regular_file(folder.path() / "run" / file)) << file;
  }
  EXPECT_THAT(io::read_csv(folder.path() / "run/pairs.csv")[0],
              ElementsAre("index", "output1_2", "output2_2", "distance_2", "output1_4", "output2_4", "distance_4"));
  const base::StudyRecord record = io::read_study_record(folder.path() / "run/study.json");
  EXPECT_EQ(record.domain, "llm");
  EXPECT_EQ(record.data_sha256.size(), 64u);

  std::vector<std::string> again = command;
  again.push_back("--resume");
  const Outcome resumed = run_program(again, folder.path());
  EXPECT_EQ(resumed.code, 0);
  EXPECT_THAT(resumed.err, HasSubstr("finished already"));
}

TEST(Llm, TrainedModelAnswersPairsOfALaterRun) {
  const Scratch folder;
  write_inputs(folder);
  ASSERT_EQ(run_program({"train", "llm", "--train", "text.txt", "--config", "tiny.toml", "--set", "rivals.train=false",
                         "--out", "run"},
                        folder.path())
                .code,
            0);
  const Outcome outcome = run_program({"study", "llm", "--pairs", "pairs.csv", "--config", "tiny.toml", "--set",
                                       "study.checkpoint=run/models/looped-seed0", "--out", "answers"},
                                      folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("looped-seed0"));
  EXPECT_TRUE(fs::exists(folder.path() / "answers/answer-lipschitz.svg"));
}

TEST(Llm, MisuseIsOneLineAndWritesNothing) {
  struct Misuse {
    std::vector<std::string> arguments;
    std::string says;
  };
  const std::vector<Misuse> misuses = {
      {{"study", "llm"}, "a text or prompt pairs are needed; give --train FILE, --pairs FILE, or both"},
      {{"study", "llm", "--train", "absent.txt"}, "no file at data.corpus = absent.txt"},
      {{"study", "llm", "--pairs", "absent.csv"}, "no file at study.pairs = absent.csv"},
      {{"study", "lp", "--train", "text.txt"}, "--train is an option of the domain llm, not of lp"},
      {{"study", "llm", "--train", "t", "--set", "model.heads=3"}, "model.heads = 3 violates heads of an even number"},
      {{"study", "llm", "--train", "t", "--set", "data.window=4096"}, "model.context = 1024 violates >= data.window"},
      {{"study", "llm", "--train", "t", "--device", "cuda"}, "device = cuda violates cpu"},
  };
  for (const Misuse& misuse : misuses) {
    const Scratch folder;
    const Outcome outcome = run_program(misuse.arguments, folder.path());
    EXPECT_EQ(outcome.code, 2) << misuse.says;
    EXPECT_THAT(outcome.err, AllOf(testing::StartsWith("fathom: "), HasSubstr(misuse.says)));
    EXPECT_TRUE(folder.is_empty()) << misuse.says;
  }
}

}  // namespace

}  // namespace fathom::cli
