// Sudoku as sets of candidates: nine boards of 81 bits, one a digit, three bands of 27 cells each.
//
//   place(d, cell)        d there and nowhere else in its row, column and box; no other digit there
//   naked singles         cells with one candidate left: one carry-save addition of nine boards finds all of a band
//   hidden singles        digits with one place left in a row, column or box
//
// Cost: a placement 11 words, a pass over all singles some 250; a puzzle that singles solve takes about 3 us.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

namespace fathom::puzzle {

inline constexpr int kDigits = 9, kSudokuCells = 81;

// 0: empty, 1 ... 9; row by row.
using SudokuCells = std::array<std::uint8_t, kSudokuCells>;

enum class Singles { naked, all };
enum class Outcome { solved, stuck, contradiction };

class SudokuBoard {
 public:
  SudokuBoard();                                   // every digit may be anywhere
  explicit SudokuBoard(const SudokuCells& clues);  // a clue that contradicts an earlier one shows in propagate()

  // d = 0 ... 8. False: d is no candidate of the cell any more.
  bool place(int d, int cell);
  void exclude(int d, int cell);
  // Places singles until there are none, or until the cell `until` has its digit, which then counts as solved.
  Outcome propagate(Singles which, int until = -1);

  bool may(int d, int cell) const { return (may_[d][cell / kBand] >> (cell % kBand) & 1) != 0; }
  // The first of the unsolved cells with the fewest candidates; only for a board that is stuck.
  int narrowest_cell() const;
  SudokuCells cells() const;  // solved cells; the others 0

 private:
  static constexpr int kBand = 27;

  bool open(int cell) const { return (open_[cell / kBand] >> (cell % kBand) & 1) != 0; }
  Outcome place_naked();
  Outcome place_hidden();
  Outcome place_hidden(int d);
  bool place_if_single(int d, std::uint32_t places, int band);

  std::array<std::array<std::uint32_t, 3>, kDigits> may_;
  std::array<std::uint32_t, 3> open_;  // cells without a digit
  std::array<std::uint8_t, kDigits> placed_{};
};

// Depth-first search that places all singles before it guesses in the narrowest cell.
struct SudokuSearch {
  int solutions = 0;         // found, up to the limit asked for
  std::int64_t guesses = 0;  // cells in which candidates were tried
  SudokuCells first{};       // the first solution
};
// `order`: permutes the candidates of a guess in place (a random solution); none: ascending.
using GuessOrder = std::function<void(std::array<int, kDigits>& digits, int count)>;
SudokuSearch search(const SudokuBoard& board, int limit, const GuessOrder& order = {});

}  // namespace fathom::puzzle
