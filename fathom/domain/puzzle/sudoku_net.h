// Networks for Sudoku that see candidates: a state of `width` channels for every cell AND digit, mixed along the four
// kinds of unit in which a candidate must be the only one: the digits of its cell, its row, its column and its box.
//
//   u = relu(R h + L (mean over the row + mean over the column) + Q (mean over the box) + D (mean over the digits) + I
//   x) v = relu(u + B relu(A u)),     G(h, x) = v / rms(v over the channels) logits of a cell's digits: a product of h
//   with one vector
//
// x: is the digit the cell's clue; has the cell another clue. Weights are shared by all candidates, so that a
// permutation of digits, of rows in a band, of bands, of columns alike, or a transposition permutes the answer and
// nothing else. The state starts from N(0, 1) [EquilibriumReasoners2026], which breaks that symmetry where a guess has
// to.
//
//   SudokuNet     one block, iterated;          SudokuDeepNet   `rounds` blocks, each with its own weights
//
// Shapes   x (B, 9, 9, 9) = (B, digit, row, column), h (B, row, column, digit, width), logits (B, digit, row, column).
// Cost     an iteration: about 2 * 729 * 3 width^2 operations a puzzle.
#pragma once

#include <vector>

#include "fathom/domain/puzzle/model.h"

namespace fathom::puzzle {

struct SudokuBlock {
  Tensor recall, inject, lines, boxes, digits, first, second;        // R, I, L, Q, D, A, B: (in, out)
  Tensor injection(const Tensor& x) const;                           // I x
  Tensor operator()(const Tensor& h, const Tensor& injected) const;  // G
};

class SudokuNet : public LoopedNet {
 public:
  explicit SudokuNet(const ModelOptions& options);

  Tensor injection(const Tensor& x) const override { return block_.injection(x); }
  Tensor start(const Tensor& x) const override;  // one draw of N(0, 1), the same for every puzzle and model
  Tensor read_out(const Tensor& h) const override;
  Tensor step(const Tensor& h, const Tensor& injected) const override { return block_(h, injected); }

 private:
  SudokuBlock block_;
  Tensor head_, start_;
};

class SudokuDeepNet : public Model {
 public:
  explicit SudokuDeepNet(const ModelOptions& options);
  Tensor forward(const Tensor& x, std::int64_t iterations) const override;
  bool implicit() const override { return false; }

 private:
  std::vector<SudokuBlock> blocks_;
  Tensor head_, start_;
};

}  // namespace fathom::puzzle
