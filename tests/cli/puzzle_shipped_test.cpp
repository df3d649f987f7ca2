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

}  // namespace
}  // namespace fathom::cli
