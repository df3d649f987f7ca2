// Puzzles are what they say: answers verified by other means than those that made them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "fathom/base/error.h"
#include "fathom/domain/puzzle/config.h"
#include "fathom/domain/puzzle/maze.h"
#include "fathom/domain/puzzle/parity.h"
#include "fathom/domain/puzzle/perturb.h"

namespace fathom::puzzle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Parity, AnswerIsTheSumOfTheBitsBeforeModuloTwo) {
  EXPECT_THAT(prefix_parity({1, 0, 1, 1, 0}), ElementsAre(1, 1, 0, 1, 1));
  const Instances all = parity(7, 100, 3);
  for (std::int64_t i = 0; i < all.count; ++i) {
    const auto first = all.input.begin() + i * all.width;
    for (std::int64_t j = 0; j < all.width; ++j) {
      EXPECT_EQ(all.target[i * all.width + j], std::count(first, first + j + 1, 1) % 2);
    }
  }
}

TEST(Parity, BitsAreFairAndAnInstanceDoesNotDependOnTheirNumber) {
  const Instances many = parity(100, 129, 5), few = parity(3, 129, 5);
  EXPECT_TRUE(std::equal(few.input.begin(), few.input.end(), many.input.begin()));
  EXPECT_NE(many, parity(100, 129, 6));
  // 12900 fair bits: five standard deviations of sqrt(12900) / 2 about the half.
  EXPECT_NEAR(std::count(many.input.begin(), many.input.end(), 1), 6450, 5 * 57);
}

TEST(Parity, TextIsReadAndOtherLettersAreRefused) {
  EXPECT_THAT(parity_of_text("10 1").target, ElementsAre(1, 1, 0));
  EXPECT_THAT(error_of([] { parity_of_text("102"); }), HasSubstr("letter 3 = '2' violates 0|1"));
  EXPECT_THAT(error_of([] { parity_of_text(" "); }), HasSubstr("bits = 0 violates >= 1"));
  EXPECT_THAT(error_of([] { parity(1, 0, 0); }), HasSubstr("length = 0 violates >= 1"));
}

// Cells of instance i that can be reached from `from`, and how many pairs of free neighbours there are in all.
struct Walked {
  std::set<std::int64_t> reached;
  std::int64_t edges = 0;
};

Walked walk_maze(const Instances& mazes, std::int64_t i) {
  const std::uint8_t* free = mazes.input.data() + 3 * i * mazes.cells();
  const std::int64_t n = mazes.width;
  Walked w;
  std::vector<std::int64_t> todo;
  for (std::int64_t cell = 0; cell < mazes.cells() && todo.empty(); ++cell) {
    if (free[cell] != 0) todo.push_back(cell);
  }
  w.reached.insert(todo[0]);
  while (!todo.empty()) {
    const std::int64_t cell = todo.back();
    todo.pop_back();
    for (const std::int64_t next : {cell - n, cell + n, cell - 1, cell + 1}) {  // walls around: never off the field
      if (free[next] == 0) continue;
      w.edges += next > cell;
      if (w.reached.insert(next).second) todo.push_back(next);
    }
  }
  return w;
}

// The longest of all paths of instance i, in cells, by a walk from every free cell.
std::int64_t longest_path(const Instances& mazes, std::int64_t i) {
  const std::uint8_t* free = mazes.input.data() + 3 * i * mazes.cells();
  const std::int64_t n = mazes.width;
  std::int64_t longest = 0;
  for (std::int64_t from = 0; from < mazes.cells(); ++from) {
    if (free[from] == 0) continue;
    std::vector<std::int64_t> length(static_cast<std::size_t>(mazes.cells()), 0), todo{from};
    length[static_cast<std::size_t>(from)] = 1;
    for (std::size_t head = 0; head < todo.size(); ++head) {
      for (const std::int64_t next : {todo[head] - n, todo[head] + n, todo[head] - 1, todo[head] + 1}) {
        if (free[next] == 0 || length[static_cast<std::size_t>(next)] != 0) continue;
        length[static_cast<std::size_t>(next)] = length[static_cast<std::size_t>(todo[head])] + 1;
        todo.push_back(next);
      }
    }
    longest = std::max(longest, *std::max_element(length.begin(), length.end()));
  }
  return longest;
}

std::int64_t asked_path(const Instances& mazes, std::int64_t i) {
  const auto first = mazes.target.begin() + i * mazes.cells();
  return std::count(first, first + mazes.cells(), 1);
}

TEST(Maze, FarEndsAreThoseOfTheLongestPath) {
  const Instances all = mazes(40, 13, 5, 1), some = mazes(40, 13, 5, 0.5), none = mazes(40, 13, 5);
  EXPECT_EQ(none, mazes(40, 13, 5, 0));
  std::int64_t far = 0, far_by_chance = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::int64_t longest = longest_path(all, i);
    EXPECT_EQ(asked_path(all, i), longest);
    far += asked_path(some, i) == longest_path(some, i);
    far_by_chance += asked_path(none, i) == longest_path(none, i);
  }
  EXPECT_LE(far_by_chance, 4);  // 36 rooms: one pair in 630 where one path is the longest
  // 40 fair draws: more than three standard deviations (3.2) about 20, and those by chance.
  EXPECT_GE(far, 10);
  EXPECT_LE(far, 30 + far_by_chance);
}

TEST(Maze, IsATreeOfAllRooms) {
  for (const std::int64_t n : {5, 9, 13, 23}) {
    const Instances all = mazes(20, n, 1);
    ASSERT_EQ(all.input.size(), static_cast<std::size_t>(20 * 3 * n * n));
    for (std::int64_t i = 0; i < all.count; ++i) {
      const std::uint8_t* free = all.input.data() + 3 * i * n * n;
      const std::int64_t rooms = (n / 2) * (n / 2);
      ASSERT_EQ(std::count(free, free + n * n, 1), 2 * rooms - 1) << n << " " << i;  // rooms and the openings of a tree
      const Walked w = walk_maze(all, i);
      EXPECT_EQ(static_cast<std::int64_t>(w.reached.size()), 2 * rooms - 1);  // connected
      EXPECT_EQ(w.edges, 2 * rooms - 2);                                      // and without a cycle
    }
  }
}

TEST(Maze, AnswerIsTheOneSimplePathBetweenStartAndGoal) {
  const std::int64_t n = 15;
  const Instances all = mazes(50, n, 2);
  for (std::int64_t i = 0; i < all.count; ++i) {
    const std::uint8_t *free = all.input.data() + 3 * i * n * n, *start = free + n * n, *goal = start + n * n;
    const std::uint8_t* path = all.target.data() + i * n * n;
    ASSERT_EQ(std::count(start, start + n * n, 1), 1);
    ASSERT_EQ(std::count(goal, goal + n * n, 1), 1);
    for (std::int64_t cell = 0; cell < n * n; ++cell) {
      ASSERT_EQ(path[cell] == kUnjudged, free[cell] == 0);
      if (path[cell] != 1) continue;
      int on_path = 0;
      for (const std::int64_t next : {cell - n, cell + n, cell - 1, cell + 1}) on_path += path[next] == 1;
      const bool end = start[cell] != 0 || goal[cell] != 0;
      EXPECT_EQ(on_path, end ? 1 : 2) << "in a tree, a set of cells with two ends and no branch is the path";
    }
    EXPECT_EQ(path[std::find(start, start + n * n, 1) - start], 1);
    EXPECT_EQ(path[std::find(goal, goal + n * n, 1) - goal], 1);
  }
}

TEST(Maze, AnInstanceDoesNotDependOnTheirNumber) {
  const Instances many = mazes(30, 11, 4), few = mazes(2, 11, 4);
  EXPECT_TRUE(std::equal(few.input.begin(), few.input.end(), many.input.begin()));
  EXPECT_NE(sha256_of(many), sha256_of(mazes(30, 11, 5)));
}

TEST(Maze, TextIsReadBackAndItsAnswerIsTheGenerators) {
  const Instances all = mazes(5, 11, 6);
  const std::size_t cells = 121;
  for (std::int64_t i = 0; i < all.count; ++i) {
    const Instances one = maze_of_text(maze_text(all, i, std::vector<std::uint8_t>(cells, 0)));
    EXPECT_TRUE(std::equal(one.input.begin(), one.input.end(), all.input.begin() + i * 3 * 121));
    EXPECT_TRUE(std::equal(one.target.begin(), one.target.end(), all.target.begin() + i * 121));
  }
  const Instances corridor = maze_of_text("#####\n#S.G#\n#####\n");
  std::vector<std::uint8_t> marked(15, 0);
  marked[7] = 1;
  EXPECT_EQ(maze_text(corridor, 0, marked), "#####\n#S*G#\n#####\n");
}

TEST(Maze, TextsThatAreNoMazeAreRefused) {
  EXPECT_THAT(error_of([] { maze_of_text("#S#\n#G\n"); }), HasSubstr("length of line 2 = 2 violates = 3"));
  EXPECT_THAT(error_of([] { maze_of_text("SxG\n"); }), HasSubstr("'x'"));
  EXPECT_THAT(error_of([] { maze_of_text("S S\n"); }), HasSubstr("number of 'S' = 2 violates = 1"));
  EXPECT_THAT(error_of([] { maze_of_text("  G\n"); }), HasSubstr("number of 'S' = 0"));
  EXPECT_THAT(error_of([] { maze_of_text("S  \n"); }), HasSubstr("number of 'G' = 0"));
  EXPECT_THAT(error_of([] { maze_of_text("S#G\n"); }), HasSubstr("number of paths from S to G = 0"));
  EXPECT_THAT(error_of([] { maze_of_text("S \n G\n"); }), HasSubstr("shortest paths from S to G = 2 or more"));
  EXPECT_THAT(error_of([] { mazes(1, 8, 0); }), HasSubstr("n = 8 violates odd and >= 5"));
}

TEST(Perturb, ChangesOnePlaceOfEveryPuzzle) {
  const Instances bits = parity(20, 33, 1), flipped = perturbed("parity", bits, 9);
  for (std::int64_t i = 0; i < 20; ++i) {
    const auto a = bits.input.begin() + i * 33, b = flipped.input.begin() + i * 33;
    EXPECT_EQ(std::inner_product(a, a + 33, b, 0, std::plus<>(), std::not_equal_to<>()), 1);
  }
  const Instances some = mazes(20, 5, 1), moved = perturbed("maze", some, 9);
  for (std::int64_t i = 0; i < 20; ++i) {
    const std::size_t first = i * 75;
    EXPECT_TRUE(std::equal(some.input.begin() + first, some.input.begin() + first + 50, moved.input.begin() + first));
    const std::uint8_t *free = moved.input.data() + first, *start = free + 25, *goal = free + 50;
    const std::int64_t at = std::find(goal, goal + 25, 1) - goal;
    EXPECT_EQ(std::count(goal, goal + 25, 1), 1);
    EXPECT_TRUE(free[at] == 1 && start[at] == 0);
    EXPECT_EQ(some.input[first + 50 + at], 0) << "the goal stayed where it was";
  }
  EXPECT_EQ(std::count(moved.target.begin(), moved.target.end(), kUnjudged), 20 * 25);
}

TEST(PuzzleConfig, PresetsHoldTheirOwnBoundsAndMisfitsAreRefused) {
  for (const char* name : {"quick", "full", "paper"}) {
    Config config = preset(name);
    for (const char* task : {"parity", "maze"}) {
      config.task = task;
      config.check();
      base::validate(base::fields_of(config));
    }
  }
  EXPECT_THAT(error_of([] { preset("quik"); }), HasSubstr("did you mean 'quick'?"));
  Config config = preset("quick");
  config.parity.stage1.least_depth = 21;
  EXPECT_THAT(error_of([&] { config.check(); }),
              HasSubstr("parity.stage1.least_depth = 21 violates <= parity.stage1.depth = 20"));
  config = preset("quick");
  config.parity.study.iterations = {5, 5};
  EXPECT_THAT(error_of([&] { config.check(); }), HasSubstr("parity.study.iterations = [5, 5] violates ascending"));
  config = preset("quick");
  config.task = "maze";
  config.maze.study.sizes = {10};
  EXPECT_THAT(error_of([&] { config.check(); }), HasSubstr("maze.study.sizes = [10] violates odd sizes >= 5"));
  config.maze.study.sizes = {};
  EXPECT_THAT(error_of([&] { config.check(); }), HasSubstr("maze.study.sizes = [] violates one size or more"));
  config = preset("quick");
  config.parity.stage1.updates = 0;
  EXPECT_THAT(error_of([&] { config.check(); }), HasSubstr("parity.stage1.updates = 0 violates >= 1"));
}

}  // namespace
}  // namespace fathom::puzzle
