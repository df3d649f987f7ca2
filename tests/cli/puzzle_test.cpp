// fathom study puzzle and fathom puzzle solve through the program: files, answers, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fathom/base/file.h"
#include "fathom/io/png.h"
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

// Wikipedia's example.
const std::string kSudoku = "530070000600195000098000060800060003400803001700020006060000280000419005000080079";

TEST(Puzzle, SudokusAreSolvedVerifiedAndAnimated) {
  const Scratch scratch;
  const Outcome study = run_program({"study",
                                     "puzzle",
                                     "--task",
                                     "sudoku",
                                     "--threads",
                                     "1",
                                     "--out",
                                     "run",
                                     "--quiet",
                                     "--set",
                                     "sudoku.width=3",
                                     "--set",
                                     "sudoku.stage1.updates=2",
                                     "--set",
                                     "sudoku.stage1.batch=2",
                                     "--set",
                                     "sudoku.rival_rounds=2",
                                     "--set",
                                     "sudoku.study.samples=2",
                                     "--set",
                                     "sudoku.study.sizes=[1, 3]",
                                     "--set",
                                     "sudoku.study.iterations=[0, 2]",
                                     "--set",
                                     "sudoku.study.perturbed=1",
                                     "--set",
                                     "sudoku.study.breadths=[1, 2]"},
                                    scratch.path());
  ASSERT_EQ(study.code, 0) << study.err;
  const std::string model = "run/models/implicit-3-seed0.safetensors";
  const Outcome solved = run_program({"puzzle", "solve", kSudoku, "--model", model, "--iterations", "5", "--restarts",
                                      "2", "--strip", "s.svg", "--animate", "s.png"},
                                     scratch.path());
  EXPECT_EQ(solved.code, 3) << "two updates solve nothing: " << solved.out << solved.err;
  EXPECT_THAT(solved.out, AllOf(HasSubstr("5 3 "), HasSubstr("not converged after 5 iterations"),
                                HasSubstr("grade          1 of 4"), HasSubstr("of 27 rows, columns and boxes"),
                                HasSubstr("of 51 cells differ from the exact solution")));
  EXPECT_THAT(base::read_file(scratch.path() / "s.svg"), AllOf(StartsWith("<svg"), HasSubstr("clue")));
  EXPECT_THAT(base::read_file(scratch.path() / "s.png"), HasSubstr("acTL"));
  const io::Image first = io::read_png(scratch.path() / "s.png");
  EXPECT_EQ(first.width, 9 * 40 + 2);
  EXPECT_EQ(first.height, 9 * 40 + 2);

  const Outcome json =
      run_program({"puzzle", "solve", kSudoku, "--model", model, "--iterations", "5", "--json"}, scratch.path());
  EXPECT_THAT(json.out,
              AllOf(HasSubstr("\"puzzle\": \"sudoku\""), HasSubstr("\"grade\": 1"), HasSubstr("\"answer\": \"53")));
}

TEST(Puzzle, TheShippedModelSolvesASudokuAndSaysWhenItDoesNot) {
  const Scratch scratch;
  const Outcome solved = run_program({"puzzle", "solve", kSudoku, "--threads", "1"}, scratch.path());
  EXPECT_EQ(solved.code, 0) << solved.err;
  EXPECT_THAT(solved.out, AllOf(HasSubstr("5 3 4 | 6 7 8 | 9 1 2"), HasSubstr("state          converged after"),
                                HasSubstr("27 of 27 rows"), HasSubstr("right: all 51 cells")));
  const Outcome cut = run_program({"puzzle", "solve", kSudoku, "--threads", "1", "--iterations", "4"}, scratch.path());
  EXPECT_EQ(cut.code, 3);
  EXPECT_THAT(cut.out, AllOf(HasSubstr("not converged after 4 iterations"), HasSubstr("answer         wrong: ")));
}

TEST(Puzzle, SudokusThatAreNoneAreNamedBeforeAModelIsLooked) {
  const Scratch scratch;
  std::string twice = kSudoku, open = kSudoku;
  twice[2] = '5';
  open.replace(0, 40, std::string(40, '.'));
  for (const auto& [puzzle, text] :
       {std::pair{twice, "digit 5 in row 1 = twice violates once; the clues contradict each other"},
        {open, "solutions = 2 or more violates = 1; the answer must be unique"},
        {std::string("12345"), "cells = 5 violates = 81"}}) {
    const Outcome outcome = run_program({"puzzle", "solve", puzzle}, scratch.path());
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, AllOf(StartsWith("fathom: "), HasSubstr(text)));
  }
}

// kMaze, cells of `size` pixels.
io::Image drawn(std::int64_t size) {
  const std::string rows = kMaze;
  io::Image image{7 * size, 5 * size, 3, 8, {}};
  for (std::int64_t row = 0; row < image.height; ++row) {
    for (std::int64_t column = 0; column < image.width; ++column) {
      const char cell = rows[static_cast<std::size_t>(row / size * 8 + column / size)];
      const std::uint16_t white = cell == '#' ? 20 : 250;
      const bool start = cell == 'S', goal = cell == 'G';
      image.pixels.insert(image.pixels.end(), {start ? std::uint16_t{10} : white, goal ? std::uint16_t{10} : white,
                                               start || goal ? std::uint16_t{10} : white});
    }
  }
  return image;
}

TEST(Puzzle, MazesMayBePictures) {
  const Scratch scratch;
  ASSERT_EQ(tiny_study(scratch, "maze", "run").code, 0);
  scratch.write("maze.txt", kMaze);
  io::write_png(scratch.path() / "one.png", drawn(1));
  io::write_png(scratch.path() / "six.png", drawn(6));
  std::vector<std::string> answers;
  for (const char* file : {"maze.txt", "one.png", "six.png"}) {
    answers.push_back(run_program({"puzzle", "solve", file, "--model", "run/models/implicit-3-seed0.safetensors",
                                   "--iterations", "20"},
                                  scratch.path())
                          .out);
    EXPECT_THAT(answers.back(), HasSubstr("#S"));
    EXPECT_EQ(answers.back(), answers.front());
  }
  io::Image white = drawn(2);
  std::fill(white.pixels.begin(), white.pixels.end(), std::uint16_t{255});
  io::write_png(scratch.path() / "white.png", white);
  const Outcome none = run_program({"puzzle", "solve", "white.png"}, scratch.path());
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("green cells = 0 violates = 1; paint the start, and nothing else, in green"));
  scratch.write("broken.png", "\x89PNG\r\n\x1a\n");
  EXPECT_THAT(run_program({"puzzle", "solve", "broken.png"}, scratch.path()).err,
              HasSubstr("broken.png: the file ends too early"));
}

TEST(Puzzle, MisuseIsAnsweredInOneLine) {
  const Scratch scratch;
  scratch.write("closed.txt", "S#G\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"puzzle", "solv", "01"}, "did you mean 'solve'?"},
      {{"puzzle", "solve"}, "puzzle: puzzle is needed (BITS|SUDOKU|FILE)"},
      {{"puzzle", "solve", "absent.txt"}, "puzzle: no file at absent.txt"},
      {{"puzzle", "solve", "01", "--model", "absent"}, "puzzle: --model: no file at absent"},
      {{"puzzle", "solve", "01", "--strip", "a.png"}, "strip = a.png violates *.svg"},
      {{"puzzle", "solve", "01", "--animate", "a.gif"}, "animate = a.gif violates *.png"},
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
