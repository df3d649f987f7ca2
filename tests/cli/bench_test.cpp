// fathom bench: the table is made from what the benchmark program reports. A script stands for that program, so that
// the numbers are known.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kReport = R"({"context": {}, "benchmarks": [
  {"name": "solve_anderson/64/512/manual_time", "ours_us": 120.0, "libtorch_us": 260.0, "limit_us": 100.0,
   "ratio": 1.2, "at_most": 1.3, "label": "ours / limit"},
  {"name": "messages/8/iterations:9/manual_time", "ours_us": 12.0, "libtorch_us": 96.0, "ratio": 8.0, "target": 10.0,
   "label": "libtorch / ours"},
  {"name": "memory", "ratio": 1.05, "label": "many / few"},
  {"name": "no_ratio/3", "GB/s": 60.0},
  {"name": "broken/1", "error_occurred": true, "error_message": "no such file"}]})";

constexpr const char* kPeers = R"({"date": "2026-01-02", "machine": {"cpu": "Some CPU", "busy": true}, "rows": [
  {"problem": "cost", "case": "64x512 anderson", "unit": "bare f", "ours": 1.25, "entry": "solve_anderson/64/512",
   "peers": {"torchdeq": {"value": 2.65, "ratio": 2.12}}},
  {"problem": "spread", "case": "anderson", "unit": "calls", "ours": 18, "peers": {"jaxopt": {"value": 34}}}]})";

// A bench_fathom that writes `report` where it is told to, and its arguments, threads and a word to whoever watches.
class StandIn {
 public:
  explicit StandIn(const std::string& report, int code = 0) {
    folder_.write("report.json", report);
    program_ = folder_.write("bench_fathom",
                             "#!/bin/sh\necho \"$@\" threads=$OMP_NUM_THREADS > \"$(dirname \"$0\")/asked\"\n"
                             "echo measuring\n"
                             "for a in \"$@\"; do case \"$a\" in --benchmark_out=*)\n"
                             "cp \"$(dirname \"$0\")/report.json\" \"${a#--benchmark_out=}\";; esac; done\n"
                             "exit " +
                                 std::to_string(code) + "\n");
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
  }
  Outcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "bench");
    return run_program(arguments, folder_.path(),
                       {{"FATHOM_BENCH", program_.string()}, {"TMPDIR", folder_.path().string()}});
  }
  std::string asked() const { return base::read_file(folder_.path() / "asked"); }
  const Scratch& folder() const { return folder_; }

 private:
  Scratch folder_;
  std::filesystem::path program_;
};

TEST(Bench, PrintsEveryEntryThatHasARatio) {
  const StandIn bench(kReport);
  const Outcome outcome = bench.run({});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("\nsolve_anderson/64/512 +120 +260 +100 +1.2 +ours / limit +<= 1.3 +yes"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nmessages/8 +12 +96 +– +8 +libtorch / ours +>= 10 +no"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nmemory +– +– +– +1.05 +many / few"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nbroken/1 .*no such file"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("no_ratio")));
  EXPECT_THAT(outcome.err, HasSubstr("measuring"));
}

TEST(Bench, AsksForOneThreadTheFilterAndTheTime) {
  const StandIn bench(kReport);
  EXPECT_EQ(bench.run({"--filter", "solve|memory", "--seconds", "0.5"}).code, 0);
  EXPECT_THAT(bench.asked(), AllOf(HasSubstr("--benchmark_filter=solve|memory "),
                                   HasSubstr("--benchmark_min_time=0.5 "), HasSubstr("threads=1")));
}

TEST(Bench, LeavesNoFileBehind) {
  const StandIn bench(kReport);
  ASSERT_EQ(bench.run({}).code, 0);
  for (const auto& file : std::filesystem::directory_iterator(bench.folder().path())) {
    EXPECT_THAT(file.path().filename().string(), Not(HasSubstr("fathom-bench"))) << file.path();
  }
}

TEST(Bench, ShowsPeersBesideTheEntryThatMeasuresTheSame) {
  const StandIn bench(kReport);
  bench.folder().write("peers.json", kPeers);
  const Outcome outcome = bench.run({"--peers", "peers.json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("met +torchdeq\n"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nsolve_anderson/64/512 .*yes +2.65\n"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nmessages/8 .*no +–\n"));
  EXPECT_THAT(outcome.out, HasSubstr("Recorded 2026-01-02, Some CPU, a busy machine"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nspread +anderson +calls +18 +– +34\n"));
}

TEST(Bench, JsonHoldsTheNumbersAsTheyAre) {
  const StandIn bench(kReport);
  const Outcome outcome = bench.run({"--json", "--quiet"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, IsEmpty());
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("\"ours_us\": 120.0"), HasSubstr("\"at_most\": 1.3"), HasSubstr("\"met\": \"no\"")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("null")));
}

TEST(Bench, FailuresAreOneSentence) {
  EXPECT_THAT(StandIn("").run({"--filter", "nothing", "--quiet"}).err, HasSubstr("filter = 'nothing' finds no entry"));
  EXPECT_THAT(StandIn("[1, 2]").run({"--quiet"}).err, HasSubstr("no report of Google Benchmark"));
  EXPECT_THAT(StandIn(kReport, 3).run({"--quiet"}).err, HasSubstr("bench_fathom failed"));
  EXPECT_THAT(StandIn(kReport).run({"--peers", "absent.json"}).err, HasSubstr("absent.json"));
  for (const char* report : {"", "[1, 2]"}) EXPECT_EQ(StandIn(report).run({"--quiet"}).code, 1);
  EXPECT_THAT(run_program({"bench"}, ".", {{"FATHOM_BENCH", "/nonexistent"}}).err,
              HasSubstr("FATHOM_BENCH = /nonexistent"));
  EXPECT_EQ(StandIn(kReport).run({"--seconds", "0"}).code, 2);
}

}  // namespace

}  // namespace fathom::cli
