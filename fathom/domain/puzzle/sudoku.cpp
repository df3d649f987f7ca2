#include "fathom/domain/puzzle/sudoku.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <numeric>
#include <utility>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::puzzle {

namespace {

constexpr std::int64_t kFewGuesses = 2;      // of grade 3, at most
constexpr std::uint64_t kHeldOutShare = 16;  // one symmetry class in so many is held out

template <class Values>
void shuffle(Values& values, int count, base::Random& random) {
  for (int i = count; i > 1; --i) std::swap(values[i - 1], values[random.below(static_cast<std::uint64_t>(i))]);
}

SudokuCells random_grid(base::Random& random) {
  SudokuBoard board;
  std::array<int, kDigits> digits{};
  std::iota(digits.begin(), digits.end(), 0);
  shuffle(digits, kDigits, random);
  for (int column = 0; column < 9; ++column) board.place(digits[column], column);
  return search(board, 1, [&](std::array<int, kDigits>& d, int count) { shuffle(d, count, random); }).first;
}

bool singles_solve(const SudokuCells& clues, Singles which) {
  return SudokuBoard(clues).propagate(which) == Outcome::solved;
}

// `clues` and `digit` in `cell` are a puzzle of the grade: are `clues` alone? For singles: as soon as they fill the
// cell, the rest is as before. For guesses: no solution has another digit there.
bool can_spare(const SudokuCells& clues, int cell, std::uint8_t digit, std::int64_t grade) {
  SudokuBoard board(clues), without = board;
  if (board.propagate(grade == 1 ? Singles::naked : Singles::all, cell) == Outcome::solved) return true;
  if (grade <= 2) return false;
  without.exclude(digit - 1, cell);
  return search(without, 1).solutions == 0;
}

// Takes clues away in random order until none can be spared.
SudokuCells dig(SudokuCells clues, std::int64_t grade, base::Random& random) {
  std::array<int, kSudokuCells> order{};
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, kSudokuCells, random);
  for (const int cell : order) {
    const std::uint8_t digit = std::exchange(clues[cell], std::uint8_t{0});
    if (!can_spare(clues, cell, digit, grade)) clues[cell] = digit;
  }
  return clues;
}

bool belongs_to(const SudokuCells& solved, Split split) {
  if (split == Split::any) return true;
  return (symmetry_class(solved) % kHeldOutShare == 0) == (split == Split::held_out);
}

struct Drawn {
  SudokuCells clues, solved;
};

Drawn draw_one(std::int64_t grade, Split split, base::Random& random) {
  for (;;) {
    const SudokuCells solved = random_grid(random);
    if (!belongs_to(solved, split)) continue;
    const SudokuCells clues = dig(solved, grade, random);
    if (grade == 1 || grade_of(clues).grade == grade) return {clues, solved};
  }
}

void append(Instances& to, const SudokuCells& clues, const SudokuCells& solved) {
  const std::size_t first = to.input.size();
  to.input.resize(first + kDigits * kSudokuCells, 0);
  for (std::size_t cell = 0; cell < kSudokuCells; ++cell) {
    if (clues[cell] != 0) to.input[first + (clues[cell] - 1u) * kSudokuCells + cell] = 1;
    to.target.push_back(clues[cell] != 0 ? kUnjudged : static_cast<std::uint8_t>(solved[cell] - 1));
  }
}

Instances fields(std::int64_t count) {
  Instances all{.count = count, .channels = kDigits, .height = 9, .width = 9, .classes = kDigits};
  all.input.reserve(static_cast<std::size_t>(count) * kDigits * kSudokuCells);
  all.target.reserve(static_cast<std::size_t>(count) * kSudokuCells);
  return all;
}

// Unit u = 0 ... 26 (rows, columns, boxes), its i-th cell.
int cell_of_unit(int u, int i) {
  if (u < 9) return 9 * u + i;
  if (u < 18) return 9 * i + u - 9;
  const int box = u - 18;
  return 9 * (3 * (box / 3) + i / 3) + 3 * (box % 3) + i % 3;
}

std::string name_of_unit(int u) {
  const char* kinds[] = {"row", "column", "box"};
  return fmt::format("{} {}", kinds[u / 9], u % 9 + 1);
}

void check_units(const SudokuCells& clues) {
  for (int u = 0; u < 27; ++u) {
    std::array<int, 10> seen{};
    for (int i = 0; i < 9; ++i) {
      const std::uint8_t digit = clues[cell_of_unit(u, i)];
      if (digit != 0 && ++seen[digit] > 1)
        base::fail("puzzle::sudoku_of_text", "digit {} in {} = twice violates once; the clues contradict each other",
                   digit, name_of_unit(u));
    }
  }
}

SudokuCells read_cells(std::string_view text) {
  SudokuCells cells{};
  std::size_t count = 0;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) continue;
    base::require((c >= '0' && c <= '9') || c == '.', "puzzle::sudoku_of_text", fmt::format("character {}", count + 1),
                  fmt::format("'{}'", c), "0-9|.", "write an empty cell as 0 or .");
    if (count < kSudokuCells) cells[count] = c == '.' ? std::uint8_t{0} : static_cast<std::uint8_t>(c - '0');
    ++count;
  }
  base::require(count == kSudokuCells, "puzzle::sudoku_of_text", "cells", count, "= 81",
                "write nine rows of nine, an empty cell as 0 or .");
  return cells;
}

// Lengths of the cycles of the permutation from line a to line b, one digit in four bits: digit L counts those of
// length L.
std::uint64_t cycle_type(const SudokuCells& solved, int unit_a, int unit_b) {
  std::array<int, 10> next{};
  for (int i = 0; i < 9; ++i) next[solved[cell_of_unit(unit_a, i)]] = solved[cell_of_unit(unit_b, i)];
  std::uint64_t type = 0;
  unsigned seen = 0;
  for (int first = 1; first <= 9; ++first) {
    int length = 0;
    for (int d = first; (seen >> d & 1) == 0; d = next[d], ++length) seen |= 1u << d;
    if (length > 0) type += std::uint64_t{1} << (4 * length);
  }
  return type;
}

// Of the nine pairs of lines that share a band (from unit 0) or a stack (from unit 9): independent of their order.
std::uint64_t class_of_lines(const SudokuCells& solved, int first) {
  std::uint64_t sum = 0;
  for (int group = first; group < first + 9; group += 3) {
    std::uint64_t of_group = 0;
    for (const auto& [a, b] : {std::pair{0, 1}, {0, 2}, {1, 2}})
      of_group += base::mix(cycle_type(solved, group + a, group + b));
    sum += base::mix(of_group);
  }
  return base::mix(sum);
}

}  // namespace

SudokuGrade grade_of(const SudokuCells& clues) {
  if (singles_solve(clues, Singles::naked)) return {1, 0};
  if (singles_solve(clues, Singles::all)) return {2, 0};
  const std::int64_t guesses = search(SudokuBoard(clues), 2).guesses;
  return {guesses <= kFewGuesses ? 3 : 4, guesses};
}

std::uint64_t symmetry_class(const SudokuCells& solved) {
  return class_of_lines(solved, 0) + class_of_lines(solved, 9);
}

Instances sudokus(std::int64_t count, std::int64_t grade, std::uint64_t seed, Split split) {
  base::require(grade >= 1 && grade <= kSudokuGrades, "puzzle::sudokus", "grade", grade, "1 ... 4",
                "1: naked singles, 2: hidden ones, 3: few guesses, 4: more");
  std::vector<Drawn> drawn(static_cast<std::size_t>(count));
#pragma omp parallel for schedule(dynamic) if (count > 1)
  for (std::int64_t i = 0; i < count; ++i) {
    base::Random random(base::stream_seed(seed, "sudoku", static_cast<std::uint64_t>(i)));
    drawn[static_cast<std::size_t>(i)] = draw_one(grade, split, random);
  }
  Instances all = fields(count);
  for (const Drawn& one : drawn) append(all, one.clues, one.solved);
  return all;
}

Instances sudoku_of_text(std::string_view text) {
  const SudokuCells clues = read_cells(text);
  check_units(clues);
  const SudokuSearch found = search(SudokuBoard(clues), 2);
  base::require(found.solutions > 0, "puzzle::sudoku_of_text", "solutions", 0, "= 1", "no digits fit these clues");
  base::require(found.solutions == 1, "puzzle::sudoku_of_text", "solutions", "2 or more", "= 1",
                "the answer must be unique; give more clues");
  Instances one = fields(1);
  append(one, clues, found.first);
  return one;
}

SudokuCells sudoku_clues(const Instances& sudokus, std::int64_t i) {
  SudokuCells clues{};
  const std::uint8_t* input = sudokus.input.data() + i * kDigits * kSudokuCells;
  for (int d = 0; d < kDigits; ++d) {
    for (int cell = 0; cell < kSudokuCells; ++cell) {
      if (input[kSudokuCells * d + cell] != 0) clues[cell] = static_cast<std::uint8_t>(d + 1);
    }
  }
  return clues;
}

SudokuCells sudoku_answer(const Instances& sudokus, std::int64_t i, const std::vector<std::uint8_t>& answer) {
  SudokuCells cells = sudoku_clues(sudokus, i);
  for (std::size_t cell = 0; cell < kSudokuCells; ++cell) {
    if (cells[cell] == 0) cells[cell] = static_cast<std::uint8_t>(answer[cell] + 1);
  }
  return cells;
}

std::int64_t broken_units(const SudokuCells& cells) {
  std::int64_t broken = 0;
  for (int u = 0; u < 27; ++u) {
    unsigned seen = 0;
    for (int i = 0; i < 9; ++i) seen |= 1u << cells[cell_of_unit(u, i)];
    broken += seen != 0x3FE;
  }
  return broken;
}

std::string sudoku_line(const SudokuCells& cells) {
  std::string line;
  for (const std::uint8_t digit : cells) line += static_cast<char>('0' + digit);
  return line;
}

std::string sudoku_text(const SudokuCells& cells) {
  std::string text;
  for (int cell = 0; cell < kSudokuCells; ++cell) {
    const int row = cell / 9, column = cell % 9;
    if (column == 0 && row > 0 && row % 3 == 0) text += "------+-------+------\n";
    text += cells[cell] == 0 ? '.' : static_cast<char>('0' + cells[cell]);
    text += column == 8 ? "\n" : column % 3 == 2 ? " | " : " ";
  }
  return text;
}

}  // namespace fathom::puzzle
