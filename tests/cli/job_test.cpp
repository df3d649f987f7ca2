// The main job through the program, made tiny: stages, resume, interruption, exit codes, what is written.
#include <csignal>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/sha256.h"
#include "fathom/io/study_record.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Seconds on one core: 12 programs, the narrowest network, a handful of steps.
constexpr const char* kTiny = R"(embeddings = [2]
threads = 1
[data]
train = 12
test = 6
[stage1]
epochs = 6
[stage2]
epochs = 4
[rivals]
rounds = 2
trial_epochs = 2
learning_rates = [0.01]
equal_time = false
[study]
iterations = 6
perturbed = 3
)";

Outcome tiny(const Scratch& folder, std::vector<std::string> arguments) {
  folder.write("tiny.toml", kTiny);
  arguments.insert(arguments.end(), {"--config", "tiny.toml"});
  return run_program(arguments, folder.path());
}

// The record without what may differ between two equal runs: date, seconds, command, folder.
std::string numbers_of(const fs::path& record) {
  std::string kept;
  std::istringstream text(base::read_file(record));
  for (std::string line; std::getline(text, line);) {
    const bool varies = line.find("seconds") != std::string::npos || line.find("\"date\"") != std::string::npos ||
                        line.find("\"command\"") != std::string::npos;
    if (!varies || line.find("\"t\"") != std::string::npos) kept += line + "\n";
  }
  return kept;
}

TEST(Job, StudyLeavesRecordReportAndPictures) {
  const Scratch folder;
  const Outcome outcome = tiny(folder, {"study", "lp", "--out", "run"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("implicit-2"), HasSubstr("explicit-2"), HasSubstr("claim")));
  EXPECT_THAT(outcome.err, HasSubstr("report: run/report.html"));
  for (const char* file : {"config.toml", "data.safetensors", "study.json", "report.html", "error.svg",
                           "models/implicit-2-seed0.safetensors"}) {
    EXPECT_TRUE(fs::is_regular_file(folder.path() / "run" / file)) << file;
  }
}

TEST(Job, StagesAloneGiveTheSameNumbers) {
  const Scratch folder;
  ASSERT_EQ(tiny(folder, {"study", "lp", "--out", "whole"}).code, 0);
  ASSERT_EQ(tiny(folder, {"data", "lp", "--out", "parts"}).code, 0);
  ASSERT_EQ(run_program({"train", "lp", "--out", "parts"}, folder.path()).code, 0)
      << "options come from parts/config.toml";
  ASSERT_EQ(run_program({"eval", "lp", "--out", "parts"}, folder.path()).code, 0);
  EXPECT_EQ(numbers_of(folder.path() / "parts/study.json"), numbers_of(folder.path() / "whole/study.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "parts/report.html")) << "eval writes the record alone";
  ASSERT_EQ(run_program({"report", "parts"}, folder.path()).code, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "parts/report.html"));
}

TEST(Job, ResumeReusesAFinishedRun) {
  const Scratch folder;
  ASSERT_EQ(tiny(folder, {"study", "lp", "--out", "run"}).code, 0);
  const auto written = fs::last_write_time(folder.path() / "run/study.json");
  const Outcome again = tiny(folder, {"study", "lp", "--out", "run", "--resume"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("finished already"));
  EXPECT_THAT(again.out, HasSubstr("implicit-2"));
  EXPECT_EQ(fs::last_write_time(folder.path() / "run/study.json"), written);
}

TEST(Job, ANewRunKeepsTheEarlierOne) {
  const Scratch folder;
  ASSERT_EQ(tiny(folder, {"study", "lp", "--out", "run"}).code, 0);
  const std::string record = base::read_file(folder.path() / "run/study.json");
  const std::string model = base::read_file(folder.path() / "run/models/implicit-2-seed0.safetensors");
  folder.write("run/mine.txt", "no part of the run");
  const Outcome again = tiny(folder, {"study", "lp", "--out", "run"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("the earlier run in run is kept in run/earlier-1"));
  EXPECT_EQ(base::read_file(folder.path() / "run/earlier-1/study.json"), record);
  EXPECT_EQ(base::read_file(folder.path() / "run/earlier-1/models/implicit-2-seed0.safetensors"), model);
  for (const char* part : {"report.html", "config.toml", "train", "events"}) {
    EXPECT_TRUE(fs::exists(folder.path() / "run/earlier-1" / part)) << part;
  }
  EXPECT_TRUE(fs::exists(folder.path() / "run/mine.txt"));
  EXPECT_EQ(numbers_of(folder.path() / "run/study.json"), numbers_of(folder.path() / "run/earlier-1/study.json"));
  ASSERT_EQ(tiny(folder, {"train", "lp", "--out", "run"}).code, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "run/earlier-2/study.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "run/study.json")) << "a record of models that are no longer there";
}

TEST(Job, ModelsCarryOptionsDataAndTheHashOfTheirRecord) {
  const Scratch folder;
  ASSERT_EQ(tiny(folder, {"study", "lp", "--out", "run"}).code, 0);
  const io::Safetensors model = io::read_safetensors(folder.path() / "run/models/implicit-2-seed0.safetensors");
  EXPECT_EQ(model.metadata.at("record_sha256"), io::sha256_of_file(folder.path() / "run/study.json"));
  EXPECT_THAT(model.metadata.at("config"), HasSubstr("[stage1]\nepochs = 6"));
  EXPECT_EQ(model.metadata.at("data_sha256"), io::read_study_record(folder.path() / "run/study.json").data_sha256);
}

TEST(Job, ResumeRefusesOtherTrainingOptions) {
  const Scratch folder;
  ASSERT_EQ(tiny(folder, {"data", "lp", "--out", "run"}).code, 0);
  const Outcome other = tiny(folder, {"train", "lp", "--out", "run", "--resume", "--set", "stage1.epochs=7"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("run was begun with stage1.epochs = 6, now 7"));
  EXPECT_FALSE(fs::exists(folder.path() / "run/models"));
}

TEST(Job, JsonIsTheRecordAndNothingElse) {
  const Scratch folder;
  const Outcome outcome = tiny(folder, {"study", "lp", "--out", "run", "--json", "--quiet"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, base::read_file(folder.path() / "run/study.json"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("report:")));
}

TEST(Job, EvalWithoutModelsSaysWhatIsMissing) {
  const Scratch folder;
  const Outcome outcome = tiny(folder, {"eval", "lp", "--out", "run"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("implicit-2"));
  EXPECT_FALSE(fs::exists(folder.path() / "run/study.json"));
}

TEST(Job, ReportRefusesWhatIsNoRun) {
  const Scratch folder;
  const Outcome absent = run_program({"report", "nowhere"}, folder.path());
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, StartsWith("fathom: report: no nowhere/study.json"));
  folder.write("bad/study.json", "{\"schema\": 1, ");
  const Outcome broken = run_program({"report", "bad"}, folder.path());
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.err, HasSubstr("bad/study.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "bad/report.html"));
}

// Ctrl-C while training: a checkpoint is written, and --resume ends where an uninterrupted run does.
TEST(Job, InterruptedRunGoesOnToTheSameNumbers) {
  const Scratch folder;
  const std::vector<std::string> longer = {"--set", "stage1.epochs=300"};
  std::vector<std::string> study = {"study", "lp", "--out", "run"}, whole = {"study", "lp", "--out", "whole"};
  study.insert(study.end(), longer.begin(), longer.end());
  whole.insert(whole.end(), longer.begin(), longer.end());
  folder.write("tiny.toml", kTiny);
  auto begun = study;
  begun.insert(begun.end(), {"--config", "tiny.toml"});
  const fs::path log = folder.path() / "run/train/implicit-2-seed0-stage1.jsonl";
  const Outcome stopped = run_until(
      begun, folder.path(), [&] { return fs::exists(log) && fs::file_size(log) > 0; }, SIGINT);
  EXPECT_EQ(stopped.code, 1) << stopped.err;
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("stopping after this step"), HasSubstr("--resume")));
  EXPECT_FALSE(fs::exists(folder.path() / "run/study.json"));

  study.push_back("--resume");
  const Outcome resumed = tiny(folder, study);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  ASSERT_EQ(tiny(folder, whole).code, 0);
  EXPECT_EQ(numbers_of(folder.path() / "run/study.json"), numbers_of(folder.path() / "whole/study.json"));
}

TEST(Doctor, SaysWhichBlasIsLoadedAndHowFast) {
  const Outcome outcome = run_program({"doctor", "--threads", "1"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("libtorch"), HasSubstr("BLAS"), HasSubstr("GF/s on one thread"),
                                 HasSubstr("OMP_WAIT_POLICY PASSIVE")));
}

TEST(Doctor, LeavesTheUsersEnvironmentAlone) {
  const Outcome outcome = run_program({"doctor", "--json", "--threads", "1"}, ".",
                                      {{"OMP_WAIT_POLICY", "ACTIVE"}, {"ATEN_CPU_CAPABILITY", "avx2"}});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"wait_policy\": \"ACTIVE\""),
                                 HasSubstr("OMP_WAIT_POLICY=ACTIVE makes waiting threads spin"),
                                 HasSubstr("\"capability\": \"AVX2\"")));
}

TEST(Doctor, NamesAllocatorAndThreadPools) {
  const Outcome plain = run_program({"doctor", "--json", "--threads", "1"}, ".", {{"FATHOM_ALLOCATOR", ""}});
  EXPECT_THAT(plain.out, AllOf(HasSubstr("\"allocator\": \"default\""), HasSubstr("libgomp")));
  const Outcome caching = run_program({"doctor", "--threads", "1"}, ".", {{"FATHOM_ALLOCATOR", "caching"}});
  EXPECT_EQ(caching.code, 0) << caching.err;
  EXPECT_THAT(caching.out, AllOf(HasSubstr("allocator    caching"), HasSubstr("OpenMP       ")));
  const Outcome misspelt = run_program({"doctor"}, ".", {{"FATHOM_ALLOCATOR", "cashing"}});
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("did you mean 'caching'?"));
}

TEST(Doctor, SeesSlowKernelsForcedOnOpenBlas) {
  const Outcome outcome = run_program({"doctor", "--json", "--threads", "1"}, ".", {{"OPENBLAS_CORETYPE", "Nehalem"}});
  if (outcome.out.find("avx512f") == std::string::npos || outcome.out.find("OpenBLAS") == std::string::npos) {
    GTEST_SKIP() << "needs a CPU with AVX-512 and OpenBLAS";
  }
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\"kernels\": \"Nehalem\""),
                                 HasSubstr("OPENBLAS_CORETYPE=Nehalem keeps OpenBLAS from AVX-512")));
}

TEST(Doctor, NamesATooLargeThreadCount) {
  const Outcome outcome = run_program({"doctor", "--threads", "8"});
  EXPECT_THAT(outcome.out, HasSubstr("The thread count is wrong: 8 threads"));
}

}  // namespace

}  // namespace fathom::cli
