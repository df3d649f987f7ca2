#include "fathom/domain/puzzle/sudoku_board.h"

#include <bit>

namespace fathom::puzzle {

namespace {

constexpr std::uint32_t kAll = (1u << 27) - 1, kRow = 0x1FF, kBox = 0x1C0E07;

// Bits of the cells that share a row, a column or a box with each cell, itself not among them.
constexpr std::array<std::array<std::uint32_t, 3>, kSudokuCells> peers_of_cells() {
  std::array<std::array<std::uint32_t, 3>, kSudokuCells> peers{};
  for (int a = 0; a < kSudokuCells; ++a) {
    for (int b = 0; b < kSudokuCells; ++b) {
      const int row_a = a / 9, row_b = b / 9, column_a = a % 9, column_b = b % 9;
      const bool box = row_a / 3 == row_b / 3 && column_a / 3 == column_b / 3;
      if (a != b && (row_a == row_b || column_a == column_b || box)) peers[a][b / 27] |= 1u << (b % 27);
    }
  }
  return peers;
}
constexpr auto kPeers = peers_of_cells();

// Cells of a band that exactly one, or exactly two, of nine boards hold.
struct Carry {
  std::uint32_t once = 0, twice = 0, more = 0;  // at least so often
  void add(std::uint32_t bits) {
    more |= twice & bits;
    twice |= once & bits;
    once |= bits;
  }
};

void search_from(SudokuBoard board, int limit, const GuessOrder& order, SudokuSearch& found) {
  const Outcome outcome = board.propagate(Singles::all);
  if (outcome == Outcome::contradiction) return;
  if (outcome == Outcome::solved) {
    if (found.solutions++ == 0) found.first = board.cells();
    return;
  }
  ++found.guesses;
  const int cell = board.narrowest_cell();
  std::array<int, kDigits> digits{};
  int count = 0;
  for (int d = 0; d < kDigits; ++d) {
    if (board.may(d, cell)) digits[count++] = d;
  }
  if (order) order(digits, count);
  for (int i = 0; i < count && found.solutions < limit; ++i) {
    SudokuBoard guess = board;
    guess.place(digits[i], cell);
    search_from(guess, limit, order, found);
  }
}

}  // namespace

SudokuBoard::SudokuBoard() {
  for (auto& digit : may_) digit.fill(kAll);
  open_.fill(kAll);
}

SudokuBoard::SudokuBoard(const SudokuCells& clues) : SudokuBoard() {
  for (int cell = 0; cell < kSudokuCells; ++cell) {
    if (clues[cell] == 0 || place(clues[cell] - 1, cell)) continue;
    may_[0].fill(0);  // no place for a digit: propagate() says contradiction
  }
}

bool SudokuBoard::place(int d, int cell) {
  const int band = cell / kBand;
  const std::uint32_t bit = 1u << (cell % kBand);
  const bool possible = (may_[d][band] & bit) != 0;
  placed_[d] += (open_[band] & bit) != 0;
  for (auto& digit : may_) digit[band] &= ~bit;
  for (int b = 0; b < 3; ++b) may_[d][b] &= ~kPeers[cell][b];
  may_[d][band] |= bit;
  open_[band] &= ~bit;
  return possible;
}

void SudokuBoard::exclude(int d, int cell) { may_[d][cell / kBand] &= ~(1u << (cell % kBand)); }

Outcome SudokuBoard::place_naked() {
  bool placed = false;
  for (int band = 0; band < 3; ++band) {
    Carry carry;
    for (const auto& digit : may_) carry.add(digit[band]);
    if (carry.once != kAll) return Outcome::contradiction;
    for (std::uint32_t left = carry.once & ~carry.twice & open_[band]; left != 0; left &= left - 1) {
      const int cell = kBand * band + std::countr_zero(left);
      int d = 0;
      while (d < kDigits && !may(d, cell)) ++d;
      if (d == kDigits) return Outcome::contradiction;  // a single placed before it took its candidate
      place(d, cell);
      placed = true;
    }
  }
  return placed ? Outcome::solved : Outcome::stuck;
}

// True if `places`, of one digit in one unit and band, is one cell that is still open, which is then filled.
bool SudokuBoard::place_if_single(int d, std::uint32_t places, int band) {
  if ((places & (places - 1)) != 0 || (places & open_[band]) == 0) return false;
  place(d, kBand * band + std::countr_zero(places));
  return true;
}

Outcome SudokuBoard::place_hidden(int d) {
  bool placed = false;
  for (int band = 0; band < 3; ++band) {
    for (int i = 0; i < 3; ++i) {
      const std::uint32_t row = may_[d][band] & (kRow << (9 * i));
      if (row == 0) return Outcome::contradiction;
      placed |= place_if_single(d, row, band);
      const std::uint32_t box = may_[d][band] & (kBox << (3 * i));
      if (box == 0) return Outcome::contradiction;
      placed |= place_if_single(d, box, band);
    }
  }
  Carry columns;
  for (const std::uint32_t band : may_[d]) {
    for (int i = 0; i < 3; ++i) columns.add(band >> (9 * i) & kRow);
  }
  if (columns.once != kRow) return Outcome::contradiction;
  for (std::uint32_t left = columns.once & ~columns.twice; left != 0; left &= left - 1) {
    const std::uint32_t column = 0x40201u << std::countr_zero(left);
    for (int band = 0; band < 3; ++band) {
      const std::uint32_t places = may_[d][band] & column;
      if (places != 0) placed |= place_if_single(d, places, band);
    }
  }
  return placed ? Outcome::solved : Outcome::stuck;
}

Outcome SudokuBoard::place_hidden() {
  Outcome all = Outcome::stuck;
  for (int d = 0; d < kDigits; ++d) {
    const std::uint32_t left = (may_[d][0] & open_[0]) | (may_[d][1] & open_[1]) | (may_[d][2] & open_[2]);
    if (left == 0 && placed_[d] == 9) continue;
    const Outcome one = place_hidden(d);
    if (one == Outcome::contradiction) return one;
    if (one == Outcome::solved) all = one;
  }
  return all;
}

Outcome SudokuBoard::propagate(Singles which, int until) {
  for (;;) {
    Outcome step = place_naked();
    if (step == Outcome::stuck && which == Singles::all) step = place_hidden();
    if (step == Outcome::contradiction) return step;
    const bool solved = (open_[0] | open_[1] | open_[2]) == 0 || (until >= 0 && !open(until));
    if (solved || step == Outcome::stuck) return solved ? Outcome::solved : Outcome::stuck;
  }
}

int SudokuBoard::narrowest_cell() const {
  int best = -1, least = kDigits + 1;
  for (int band = 0; band < 3; ++band) {
    Carry carry;
    for (const auto& digit : may_) carry.add(digit[band]);
    const std::uint32_t pairs = carry.twice & ~carry.more & open_[band];
    if (pairs != 0) return kBand * band + std::countr_zero(pairs);
    for (std::uint32_t left = open_[band]; left != 0; left &= left - 1) {
      const int cell = kBand * band + std::countr_zero(left);
      int count = 0;
      for (int d = 0; d < kDigits; ++d) count += may(d, cell);
      if (count < least) {
        least = count;
        best = cell;
      }
    }
  }
  return best;
}

SudokuCells SudokuBoard::cells() const {
  SudokuCells cells{};
  for (int d = 0; d < kDigits; ++d) {
    for (int band = 0; band < 3; ++band) {
      for (std::uint32_t left = may_[d][band] & ~open_[band]; left != 0; left &= left - 1)
        cells[kBand * band + std::countr_zero(left)] = static_cast<std::uint8_t>(d + 1);
    }
  }
  return cells;
}

SudokuSearch search(const SudokuBoard& board, int limit, const GuessOrder& order) {
  SudokuSearch found;
  search_from(board, limit, order, found);
  return found;
}

}  // namespace fathom::puzzle
