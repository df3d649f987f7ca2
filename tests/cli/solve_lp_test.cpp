// fathom solve-lp and fathom probe through the program: answers, exit codes, what is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "tests/cli/program.h"

namespace fathom::cli {

namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// max x + y + 10, x + y <= 4, 0 <= x <= 3, y >= 0: optimum 14.
constexpr const char* kSmall =
    "NAME small\nOBJSENSE\n    MAX\nROWS\n N  gain\n L  both\nCOLUMNS\n    x  gain  1.0  both  1.0\n    y  gain  1.0  "
    "both  1.0\n"
    "RHS\n    rhs  both  4.0  gain  -10.0\nBOUNDS\n UP bnd  x  3.0\nENDATA\n";

Outcome solve(const Scratch& scratch, const std::string& text, std::vector<std::string> more = {}) {
  scratch.write("model.mps", text);
  std::vector<std::string> arguments = {"solve-lp", "model.mps", "--threads", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(arguments, scratch.path());
}

TEST(SolveLp, PredictsWithTheShippedModelAndSaysHowFarOffItIs) {
  const Scratch scratch;
  const Outcome outcome = solve(scratch, kSmall);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("status         predicted"), HasSubstr("to the optimum 14"), HasSubstr("prediction")));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST(SolveLp, RefinesAndWritesTheSolution) {
  const Scratch scratch;
  const Outcome outcome = solve(scratch, kSmall, {"--refine", "--json", "--output", "x.csv"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, AllOf(StartsWith("{"), HasSubstr("\"status\": \"optimal\""), HasSubstr("\"objective\": 14"),
                                 HasSubstr("\"iterations\": "), HasSubstr("\"cold_iterations\": "),
                                 HasSubstr("\"infeasibility\": "), HasSubstr("\"gap\": ")));
  EXPECT_THAT(base::read_file(scratch.path() / "x.csv"),
              AllOf(StartsWith("variable,value"), HasSubstr("x,"), HasSubstr("y,")));
}

TEST(SolveLp, StartsFromAFileWrittenBefore) {
  const Scratch scratch;
  ASSERT_EQ(solve(scratch, kSmall, {"--refine", "--output", "x.npy"}).code, 0);
  const Outcome again = solve(scratch, kSmall, {"--refine", "--json", "--start", "x.npy"});
  EXPECT_THAT(again.out, AllOf(HasSubstr("\"iterations\": 0"), HasSubstr("close to a solution")));
}

TEST(SolveLp, InfeasibleAndUnboundedExitWithThree) {
  const Scratch scratch;
  const Outcome none = solve(
      scratch, "ROWS\n N  f\n L  r\n G  s\nCOLUMNS\n    x  f  1  r  1\n    x  s  1\nRHS\n    b  r  1  s  2\nENDATA\n",
      {"--json"});
  EXPECT_EQ(none.code, 3);
  EXPECT_THAT(none.out, AllOf(HasSubstr("\"status\": \"infeasible\""), HasSubstr("\"objective\": null")));
  const Outcome endless = solve(scratch, "ROWS\n N  f\n G  r\nCOLUMNS\n    x  f  -1  r  1\nRHS\n    b  r  1\nENDATA\n");
  EXPECT_EQ(endless.code, 3);
  EXPECT_THAT(endless.out, HasSubstr("unbounded"));
}

TEST(SolveLp, RefusesWhatIsNoLinearProgramInOneLine) {
  const Scratch scratch;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "empty"},
      {"ROWS\n N  f\n L  r\nCOLUMNS\n    x  f  one\nENDATA\n", "model.mps:5"},
      {"ROWS\n N  f\n L  r\nCOLUMNS\n    x  f  1  r  1\nRHS\n", "ENDATA"},
      {"ROWS\n N  f\n L  r\nCOLUMNS\n    x  f  1  r  1\nRHS\n    b  r  1\nBOUNDS\n BV bnd  x\nENDATA\n", "integer"},
  };
  for (const auto& [text, word] : cases) {
    const Outcome outcome = solve(scratch, text, {"--output", "x.csv"});
    EXPECT_EQ(outcome.code, 1) << text;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(word))) << text;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(scratch.path() / "x.csv"));
  }
}

TEST(SolveLp, RefusesBadArguments) {
  const Scratch scratch;
  EXPECT_EQ(solve(scratch, kSmall, {"--output", "x.txt"}).code, 2);
  EXPECT_THAT(solve(scratch, kSmall, {"--iterations", "-1"}).err, HasSubstr("iterations = -1 violates [0, 100000]"));
  EXPECT_THAT(solve(scratch, kSmall, {"--model", "absent.safetensors"}).err,
              HasSubstr("--model: no file at absent.safetensors"));
  const Outcome absent = run_program({"solve-lp", "absent.mps"}, scratch.path());
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, HasSubstr("no file at absent.mps"));
}

TEST(ProbeCommand, DiagnosesTheShippedModel) {
  const Scratch scratch;
  const std::string model = std::string(FATHOM_SOURCE_DIR) + "/models/lp.safetensors";
  const Outcome text = run_program({"probe", model, "--samples", "3", "--threads", "1"}, scratch.path());
  EXPECT_EQ(text.code, 0);
  EXPECT_THAT(text.out, AllOf(HasSubstr("spectral radius of dG/dy"), HasSubstr("Picard: ")));
  EXPECT_THAT(text.out, AllOf(HasSubstr("Lipschitz constant of G in x"), HasSubstr("convergence order"),
                              HasSubstr("regular"), HasSubstr("||dy_t/dx|| grows to")));
  const Outcome json = run_program(
      {"probe", model, "--samples", "2", "--threads", "1", "--unroll", "4", "--plots", "pictures", "--json"},
      scratch.path());
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_THAT(json.out, AllOf(StartsWith("{"), HasSubstr("\"verdict\""), HasSubstr("\"regularity\""),
                              HasSubstr("\"sensitivity\""), Not(HasSubstr("nan"))));
  for (const char* picture : {"mu.svg", "lipschitz.svg"}) {
    EXPECT_THAT(base::read_file(scratch.path() / "pictures" / picture), HasSubstr("iterations t"));
  }
  scratch.write("text.safetensors", "no model");
  const Outcome bad = run_program({"probe", "text.safetensors"}, scratch.path());
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, StartsWith("fathom: [io::"));
}

}  // namespace

}  // namespace fathom::cli
