// fathom puzzle solve without --model: the model for this kind of puzzle that ships with the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace fathom::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ShippedPuzzle, BitsAndMazesAreSolvedWithoutNamingAModel) {
  const Scratch scratch;
  const Outcome bits = run_program({"puzzle", "solve", "0110100101"}, scratch.path());
  EXPECT_EQ(bits.code, 0) << bits.out << bits.err;
  EXPECT_THAT(bits.out, StartsWith("0100111001\n"));
  EXPECT_THAT(bits.out, HasSubstr("answer         right: all 10 cells"));

  scratch.write("maze.txt",
                "#########\n#S#     #\n# # ### #\n#   # # #\n##### # #\n#   # # #\n# # # # #\n# #    G#\n#########\n");
  const Outcome maze = run_program({"puzzle", "solve", "maze.txt"}, scratch.path());
  EXPECT_EQ(maze.code, 0) << maze.out << maze.err;
  EXPECT_THAT(maze.out, HasSubstr("answer         right"));
}

// On the terminal's other screen, a frame an iteration, each over the one before; the screen that was there comes back
// before the answer is said.
TEST(ShippedPuzzle, ATerminalShowsTheStateConverging) {
  const Scratch scratch;
  const Outcome shown = run_on_terminal({"puzzle", "solve", "0110100101"}, scratch.path());
  EXPECT_EQ(shown.code, 0) << shown.out;
  const std::size_t entered = shown.out.find("\x1b[?1049h"), left = shown.out.find("\x1b[?1049l");
  ASSERT_NE(entered, std::string::npos) << shown.out;
  ASSERT_NE(left, std::string::npos) << shown.out;
  ASSERT_LT(entered, left);
  const std::string frames = shown.out.substr(entered, left - entered);
  EXPECT_THAT(frames, HasSubstr("\x1b[H\x1b[Jt = 0\r\n"));
  EXPECT_THAT(frames, HasSubstr("\x1b[H\x1b[Jt = 1\r\n"));
  EXPECT_THAT(frames, HasSubstr("0100111001"));
  EXPECT_THAT(shown.out.substr(left), HasSubstr("answer         right"));
}

TEST(ShippedPuzzle, APipeIsSparedTheAnimation) {
  const Scratch scratch;
  const Outcome piped = run_program({"puzzle", "solve", "0110"}, scratch.path());
  EXPECT_EQ((piped.out + piped.err).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace fathom::cli
