// Sudoku with exactly one solution, drawn by grade.
//
//   grade 1   naked singles solve it: again and again some cell has one candidate left
//   grade 2   naked and hidden singles solve it (and naked ones alone do not)
//   grade 3   singles get stuck; the search that places singles before it guesses makes 1 or 2 guesses in all
//   grade 4   it makes more
// The search counted is the whole one, which proves that there is no second solution, so that luck plays no part.
//
// A solved grid is filled at random; then clues are taken away in random order, each unless the puzzle would leave its
// grade (1, 2) or lose its one solution (3, 4): no clue of a puzzle can be spared. Grids and orders that give another
// grade are drawn anew.
//
// As instances: nine features a cell, the clue's digit one-hot, none where the cell is empty; nine classes; clues are
// not judged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/domain/puzzle/instances.h"
#include "fathom/domain/puzzle/split.h"
#include "fathom/domain/puzzle/sudoku_board.h"

namespace fathom::puzzle {

inline constexpr std::int64_t kSudokuGrades = 4;

// Of a puzzle with one solution.
struct SudokuGrade {
  std::int64_t grade = -1;
  std::int64_t guesses = -1;
};
SudokuGrade grade_of(const SudokuCells& clues);

// A number that relabelling digits, permuting rows in a band, bands, columns in a stack or stacks, and transposing
// leave unchanged: of the cycle lengths of the permutations between two rows of a band and two columns of a stack.
std::uint64_t symmetry_class(const SudokuCells& solved);

// By every thread; instance i depends on (seed, i), grade and split alone. Training and held-out puzzles have grids of
// different symmetry_class: none of one is a disguised copy of one of the other. Errors (fathom::Error): a grade beyond
// 1 to 4.
Instances sudokus(std::int64_t count, std::int64_t grade, std::uint64_t seed, Split split = Split::any);

// 81 characters, row by row; 0 or . are empty, white space is skipped. Errors: other letters or another number of them,
// a digit twice in a unit, no solution, more than one.
Instances sudoku_of_text(std::string_view text);

// The clues of instance i.
SudokuCells sudoku_clues(const Instances& sudokus, std::int64_t i);
// The clues, and in the other cells the answer's classes as digits.
SudokuCells sudoku_answer(const Instances& sudokus, std::int64_t i, const std::vector<std::uint8_t>& answer);
// Units that do not hold every digit once, of 27.
std::int64_t broken_units(const SudokuCells& cells);
// 81 digits; an empty cell is 0. Nine lines, boxes apart; an empty cell is a point.
std::string sudoku_line(const SudokuCells& cells);
std::string sudoku_text(const SudokuCells& cells);

}  // namespace fathom::puzzle
