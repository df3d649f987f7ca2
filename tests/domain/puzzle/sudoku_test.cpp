// Sudoku puzzles and their network: solved and graded by other means than those that made them.
#include "fathom/domain/puzzle/sudoku.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/puzzle/batch.h"
#include "fathom/domain/puzzle/losses.h"
#include "fathom/domain/puzzle/solve_puzzle.h"
#include "fathom/domain/puzzle/sudoku_net.h"
#include "fathom/tensor/device.h"

namespace fathom::puzzle {
namespace {

using ::testing::HasSubstr;

// Wikipedia's example, and one that is known for needing many guesses, with their published solutions.
constexpr const char* kEasy = "530070000600195000098000060800060003400803001700020006060000280000419005000080079";
constexpr const char* kEasySolved = "534678912672195348198342567859761423426853791713924856961537284287419635345286179";
constexpr const char* kHard = "100007090030020008009600500005300900010080002600004000300000010040000007007000300";
constexpr const char* kHardSolved = "162857493534129678789643521475312986913586742628794135356478219241935867897261354";

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

SudokuCells cells_of(const std::string& text) {
  SudokuCells cells{};
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<std::uint8_t>(text[i] - '0');
  return cells;
}

SudokuCells solved_of(const Instances& all, std::int64_t i) {
  const auto first = all.target.begin() + i * kSudokuCells;
  return sudoku_answer(all, i, {first, first + kSudokuCells});
}

std::set<int> fitting(const SudokuCells& cells, int cell) {
  std::set<int> digits{1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (int other = 0; other < kSudokuCells; ++other) {
    const bool row = other / 9 == cell / 9, column = other % 9 == cell % 9;
    const bool box = other / 27 == cell / 27 && other % 9 / 3 == cell % 9 / 3;
    if (row || column || box) digits.erase(cells[static_cast<std::size_t>(other)]);
  }
  return digits;
}

// Plain backtracking, cell with the fewest fitting digits first; counts up to two.
int solutions(SudokuCells& cells) {
  int at = -1;
  std::set<int> digits;
  for (int cell = 0; cell < kSudokuCells; ++cell) {
    if (cells[static_cast<std::size_t>(cell)] != 0) continue;
    const std::set<int> here = fitting(cells, cell);
    if (at < 0 || here.size() < digits.size()) at = cell, digits = here;
  }
  if (at < 0) return 1;
  int count = 0;
  for (const int digit : digits) {
    cells[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(digit);
    count += solutions(cells);
    if (count >= 2) break;
  }
  cells[static_cast<std::size_t>(at)] = 0;
  return std::min(count, 2);
}

bool naked_singles_solve(SudokuCells cells) {
  for (bool moved = true; moved;) {
    moved = false;
    for (int cell = 0; cell < kSudokuCells; ++cell) {
      if (cells[static_cast<std::size_t>(cell)] != 0) continue;
      const std::set<int> here = fitting(cells, cell);
      if (here.size() != 1) continue;
      cells[static_cast<std::size_t>(cell)] = static_cast<std::uint8_t>(*here.begin());
      moved = true;
    }
  }
  return std::count(cells.begin(), cells.end(), 0) == 0;
}

TEST(SudokuBoard, SolvesPublishedPuzzles) {
  const SudokuSearch easy = search(SudokuBoard(cells_of(kEasy)), 2), hard = search(SudokuBoard(cells_of(kHard)), 2);
  EXPECT_EQ(easy.solutions, 1);
  EXPECT_EQ(easy.guesses, 0);
  EXPECT_EQ(sudoku_line(easy.first), kEasySolved);
  EXPECT_EQ(hard.solutions, 1);
  EXPECT_EQ(sudoku_line(hard.first), kHardSolved);
  EXPECT_EQ(grade_of(cells_of(kEasy)).grade, 1);
  EXPECT_EQ(grade_of(cells_of(kHard)).grade, 4);
}

TEST(SudokuBoard, CountsSolutionsAndSeesContradictions) {
  EXPECT_EQ(search(SudokuBoard(), 5).solutions, 5);
  SudokuCells twice{};
  twice[0] = twice[8] = 4;
  EXPECT_EQ(SudokuBoard(twice).propagate(Singles::all), Outcome::contradiction);
  EXPECT_EQ(search(SudokuBoard(twice), 1).solutions, 0);
  SudokuCells all_but_one = cells_of(kEasySolved);
  all_but_one[0] = 0;
  EXPECT_EQ(search(SudokuBoard(all_but_one), 2).solutions, 1);
}

TEST(Sudoku, HasOneSolutionAndItsGradeByOtherMeans) {
  for (std::int64_t grade = 1; grade <= kSudokuGrades; ++grade) {
    const Instances all = sudokus(6, grade, 11);
    EXPECT_EQ(all.cells(), kSudokuCells);
    for (std::int64_t i = 0; i < all.count; ++i) {
      SudokuCells clues = sudoku_clues(all, i);
      EXPECT_EQ(solutions(clues), 1) << "grade " << grade;
      EXPECT_EQ(broken_units(solved_of(all, i)), 0);
      EXPECT_EQ(naked_singles_solve(clues), grade == 1);
      const SudokuGrade graded = grade_of(clues);
      EXPECT_EQ(graded.grade, grade);
      EXPECT_EQ(graded.guesses > 0, grade >= 3);
    }
  }
}

TEST(Sudoku, NoClueCanBeSpared) {
  for (const std::int64_t grade : {1, 3}) {
    const SudokuCells clues = sudoku_clues(sudokus(1, grade, 4), 0);
    for (std::size_t cell = 0; cell < clues.size(); ++cell) {
      if (clues[cell] == 0) continue;
      SudokuCells fewer = clues;
      fewer[cell] = 0;
      if (grade == 1)
        EXPECT_FALSE(naked_singles_solve(fewer));
      else
        EXPECT_EQ(search(SudokuBoard(fewer), 2).solutions, 2);
    }
  }
}

TEST(Sudoku, InstanceDependsOnSeedAndNumberAlone) {
  const Instances many = sudokus(8, 2, 5), few = sudokus(3, 2, 5);
  EXPECT_TRUE(std::equal(few.input.begin(), few.input.end(), many.input.begin()));
  EXPECT_NE(many, sudokus(8, 2, 6));
  EXPECT_THAT(error_of([] { sudokus(1, 5, 0); }), HasSubstr("grade = 5 violates 1 ... 4"));
}

// Digits relabelled, rows within bands, bands, columns, stacks permuted, transposed.
SudokuCells disguised(const SudokuCells& cells, base::Random& random) {
  const auto shuffled = [&](int count) {
    std::vector<int> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    for (int i = count; i > 1; --i)
      std::swap(order[static_cast<std::size_t>(i - 1)], order[random.below(static_cast<std::uint64_t>(i))]);
    return order;
  };
  const auto lines = [&] {
    std::vector<int> order;
    for (const int band : shuffled(3)) {
      for (const int line : shuffled(3)) order.push_back(3 * band + line);
    }
    return order;
  };
  const std::vector<int> rows = lines(), columns = lines(), digits = shuffled(9);
  const bool transpose = random.below(2) == 1;
  SudokuCells out{};
  for (std::size_t r = 0; r < 9; ++r) {
    for (std::size_t c = 0; c < 9; ++c) {
      const auto from = static_cast<std::size_t>(transpose ? 9 * columns[c] + rows[r] : 9 * rows[r] + columns[c]);
      out[9 * r + c] = cells[from] == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(digits[cells[from] - 1u] + 1);
    }
  }
  return out;
}

TEST(Sudoku, SymmetriesLeaveTheClassAndTheTwoPartsShareNone) {
  base::Random random(1);
  const Instances all = sudokus(20, 1, 9);
  std::set<std::uint64_t> classes;
  for (std::int64_t i = 0; i < all.count; ++i) {
    const SudokuCells solved = solved_of(all, i);
    classes.insert(symmetry_class(solved));
    for (int k = 0; k < 5; ++k) {
      const SudokuCells other = disguised(solved, random);
      EXPECT_EQ(broken_units(other), 0);
      EXPECT_EQ(symmetry_class(other), symmetry_class(solved));
    }
  }
  EXPECT_GT(classes.size(), 15u) << "a class that says nothing would keep nothing apart";
  std::set<std::uint64_t> train, held_out;
  const Instances a = sudokus(50, 1, 2, Split::train), b = sudokus(50, 1, 2, Split::held_out);
  for (std::int64_t i = 0; i < 50; ++i) {
    train.insert(symmetry_class(solved_of(a, i)));
    held_out.insert(symmetry_class(solved_of(b, i)));
  }
  for (const std::uint64_t each : held_out) EXPECT_EQ(train.count(each), 0u);
}

TEST(Sudoku, TextIsReadAndWhatIsNoPuzzleIsNamed) {
  const Instances one = sudoku_of_text(kHard);
  EXPECT_EQ(sudoku_line(solved_of(one, 0)), kHardSolved);
  std::string dots = kHard;
  std::replace(dots.begin(), dots.end(), '0', '.');
  EXPECT_EQ(sudoku_of_text(dots + "\n"), one);
  const auto changed = [](std::size_t cell, char digit) {
    std::string text = kHard;
    text[cell] = digit;
    return text;
  };
  EXPECT_THAT(error_of([&] { sudoku_of_text(changed(1, '1')); }), HasSubstr("digit 1 in row 1 = twice violates once"));
  EXPECT_THAT(error_of([&] { sudoku_of_text(changed(9, '1')); }), HasSubstr("digit 1 in column 1 = twice"));
  EXPECT_THAT(error_of([&] { sudoku_of_text(changed(9, '9')); }), HasSubstr("digit 9 in box 1 = twice"));
  EXPECT_THAT(error_of([&] { sudoku_of_text(changed(0, '0')); }), HasSubstr("solutions = 2 or more violates = 1"));
  EXPECT_THAT(error_of([&] { sudoku_of_text(changed(1, '2')); }), HasSubstr("solutions = 0 violates = 1"));
  EXPECT_THAT(error_of([] { sudoku_of_text("12"); }), HasSubstr("cells = 2 violates = 81"));
  EXPECT_THAT(error_of([] { sudoku_of_text("1x"); }), HasSubstr("character 2 = 'x' violates 0-9|."));
  EXPECT_EQ(task_of_text(kHard), "sudoku");
  EXPECT_EQ(task_of_text(dots), "sudoku");
  EXPECT_EQ(task_of_text("0110"), "parity");
  EXPECT_EQ(task_of_text("#S.G#"), "maze");
}

SudokuNet network(std::int64_t width = 5) {
  tensor::seed(2);
  return SudokuNet({.channels = 9, .classes = 9, .kernel_height = 1, .width = width});
}

TEST(SudokuNet, PermutingDigitsRowsAndColumnsPermutesTheAnswer) {
  at::NoGradGuard no_grad;
  const SudokuNet model = network();
  const Tensor x = make_batch(sudokus(2, 3, 1)).x;
  const Tensor h = at::randn({2, 9, 9, 9, 5});
  const Tensor digits = at::tensor({3, 1, 2, 0, 5, 4, 8, 7, 6}, at::kLong),
               lines = at::tensor({5, 3, 4, 1, 0, 2, 6, 8, 7}, at::kLong);
  const auto logits = [&](const Tensor& input, Tensor state) {
    for (int t = 0; t < 3; ++t) state = model.step(state, model.injection(input));
    return model.read_out(state);
  };
  const Tensor plain = logits(x, h);
  // Sums of 16 products in another order, three times, each normalised: a few hundred roundings of values near 1.
  const auto close = [](const Tensor& a, const Tensor& b) { return (a - b).abs().max().item<double>() < 1e-4; };
  EXPECT_TRUE(close(logits(x.index_select(1, digits), h.index_select(3, digits)), plain.index_select(1, digits)));
  EXPECT_TRUE(close(logits(x.index_select(2, lines), h.index_select(1, lines)), plain.index_select(2, lines)));
  EXPECT_TRUE(close(logits(x.index_select(3, lines), h.index_select(2, lines)), plain.index_select(3, lines)));
  EXPECT_TRUE(close(logits(x.transpose(2, 3), h.transpose(1, 2)), plain.transpose(2, 3)));
  EXPECT_FALSE(close(logits(x, h.index_select(3, digits)), plain)) << "the start must matter, or the test says nothing";
}

TEST(SudokuNet, StartIsOneDrawOfTheNormalDistributionForEveryRow) {
  at::NoGradGuard no_grad;
  const SudokuNet model = network(16);
  const Tensor start = model.start(make_batch(sudokus(3, 1, 1)).x);
  EXPECT_TRUE(start[0].equal(start[2]));
  EXPECT_TRUE(start.equal(network(16).start(start.new_zeros({3, 9, 9, 9}))));
  // 11664 numbers: five standard errors, 1 / sqrt(n) of the mean and 1 / sqrt(2 n) of the deviation.
  EXPECT_NEAR(start[0].mean().item<double>(), 0, 5 / std::sqrt(11664));
  EXPECT_NEAR(start[0].std().item<double>(), 1, 5 / std::sqrt(2 * 11664));
}

TEST(SudokuNet, CountsItsParametersAndItsStateStaysInItsShell) {
  at::NoGradGuard no_grad;
  for (const std::int64_t rounds : {1, 3}) {
    const ModelOptions options{.channels = 9, .classes = 9, .width = 6, .rounds = rounds};
    std::int64_t count = 0;
    const SudokuDeepNet deep(options);
    for (const Tensor& parameter : deep.parameters()) count += parameter.numel();
    EXPECT_EQ(parameter_count(options), count);
  }
  const SudokuNet model = network();
  const Tensor x = make_batch(sudokus(2, 2, 1)).x;
  const Tensor h = model.step(model.start(x), model.injection(x));
  EXPECT_EQ(h.sizes(), model.start(x).sizes());
  EXPECT_LE(h.square().mean(-1).max().item<double>(), 1 + 1e-5);
  EXPECT_EQ(model.read_out(h).sizes(), x.sizes());
}

TEST(SudokuNet, DeepSupervisionFollowsFromSeedAndStepAndReachesEveryWeight) {
  const Config config = preset("quick");
  StageConfig stage = config.sudoku.stage1;
  stage.depth = 4;
  const SudokuNet model = network();
  const Batch batch = make_batch(sudokus(2, 1, 1));
  const auto loss = [&](std::int64_t step) { return looped_loss(config, stage, model, batch, 3, step); };
  const Tensor first = loss(0);
  EXPECT_EQ(first.item<double>(), loss(0).item<double>());
  EXPECT_NE(first.item<double>(), loss(1).item<double>());
  first.backward();
  for (const auto& each : model.named_parameters())
    EXPECT_GT(each.value().grad().abs().max().item<double>(), 0) << each.key();
}

}  // namespace
}  // namespace fathom::puzzle
