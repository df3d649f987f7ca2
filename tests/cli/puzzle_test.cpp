// fathom study puzzle and fathom puzzle solve through the program: files, answers, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/file.h"
#include "fathom/io/study_record.h"
#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kMaze = "#######\n#S    #\n##### #\n#G    #\n#######\n";

// A network of three channels after two updates.
Outcome tiny_study(const Scratch& scratch, const std::string& task, const std::string& out) {
  std::vector<std::string> arguments = {"study", "puzzle", "--task", task, "--threads", "1", "--out", out, "--quiet"};
  for (const std::string& set : {std::string("width=3"), std::string("stage1.updates=2"), std::string("stage1.batch=2"),
                                 std::string("rival_rounds=2"), std::string("study.samples=2"),
                                 std::string("study.sizes=[5, 7]"), std::string("study.iterations=[0, 2]"),
                                 std::string("study.perturbed=1"), std::string("study.breadths=[1, 2]")}) {
    arguments.push_back("--set");
    arguments.push_back(task + "." + set);
  }
  return run_program(arguments, scratch.path());
}

TEST(Puzzle, StudiesAndSolvesWithWhatItTrained) {
  const Scratch scratch;
  const Outcome study = tiny_study(scratch, "parity", "run");
  ASSERT_EQ(study.code, 0) << study.err;
  EXPECT_THAT(study.out, AllOf(HasSubstr("implicit-3"), HasSubstr("explicit-3x2"), HasSubstr("exact_match")));
  const base::StudyRecord record = io::read_study_record(scratch.path() / "run/study.json");
  EXPECT_EQ(record.domain, "puzzle");
  EXPECT_EQ(record.protocol, "parity");

  const std::string model = "run/models/implicit-3-seed0.safetensors";
  const Outcome solved = run_program(
      {"puzzle", "solve", "0110100", "--model", model, "--iterations", "9", "--strip", "strip.svg"}, scratch.path());
  const bool right = solved.out.find("answer         right: all 7 cells") != std::string::npos;
  EXPECT_EQ(solved.code, right ? 0 : 3) << solved.out << solved.err;
  EXPECT_THAT(solved.out, AllOf(HasSubstr("converged after"), HasSubstr("cells")));
  EXPECT_THAT(base::read_file(scratch.path() / "strip.svg"), AllOf(StartsWith("<svg"), HasSubstr("t = 0")));

  scratch.write("maze.txt", kMaze);
  const Outcome other = run_program({"puzzle", "solve", "maze.txt", "--model", model}, scratch.path());
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("the model's puzzle = parity violates = maze"));
}

TEST(Puzzle, MazesGoThroughTheSameStages) {
  const Scratch scratch;
  ASSERT_EQ(tiny_study(scratch, "maze", "run").code, 0);
  scratch.write("maze.txt", kMaze);
  const Outcome solved = run_program(
      {"puzzle", "solve", "maze.txt", "--model", "run/models/implicit-3-seed0.safetensors", "--json"}, scratch.path());
  EXPECT_THAT(solved.out, AllOf(StartsWith("{"), HasSubstr("\"puzzle\": \"maze\""), HasSubstr("\"height\": 5"),
                                HasSubstr("\"wrong_cells\": ")));
  EXPECT_THAT(solved.code, AnyOf(0, 3));
}

TEST(Puzzle, MisuseIsAnsweredInOneLine) {
  const Scratch scratch;
  scratch.write("closed.txt", "S#G\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"puzzle", "solv", "01"}, "did you mean 'solve'?"},
      {{"puzzle", "solve"}, "puzzle: puzzle is needed (BITS|FILE)"},
      {{"puzzle", "solve", "absent.txt"}, "puzzle: no file at absent.txt"},
      {{"puzzle", "solve", "01", "--model", "absent"}, "puzzle: --model: no file at absent"},
      {{"puzzle", "solve", "01", "--strip", "a.png"}, "strip = a.png violates *.svg"},
      {{"study", "puzzle", "--task", "chess"}, "violates parity|maze"},
      {{"study", "lp", "--task", "parity"}, "unknown option 'task'"}};
  for (const auto& [arguments, text] : cases) {
    const Outcome outcome = run_program(arguments, scratch.path());
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(text)));
  }
  const Outcome closed = run_program({"puzzle", "solve", "closed.txt"}, scratch.path());
  EXPECT_EQ(closed.code, 1);
  EXPECT_THAT(closed.err, HasSubstr("number of paths from S to G = 0 violates = 1; open a way"));
}

}  // namespace
}  // namespace fathom::cli
