// A model read from an MPS file in the form of Instance, and the way back.
//
//   G rows are multiplied by -1; a range gives two rows; a row without a right-hand side at all is dropped; a maximum
//   is the negated minimum. Variables stay as they are, in order, so that x needs no way back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/domain/lp/instance.h"
#include "fathom/io/mps.h"

namespace fathom::lp {

// Constraint i of the program is sign * (row of the model) <= or = sign * (its bound).
struct RowOrigin {
  std::int64_t row = -1;  // -1: the row 0 <= 0 that a model without constraints gets, for the networks need one
  double sign = 1;
};

struct Imported {
  std::string name;
  Instance instance;
  std::vector<RowOrigin> rows;              // [m]
  std::vector<std::string> variable_names;  // [n]
  double objective_sign = 1;                // -1: the model is a maximum
  double objective_constant = 0;

  // The model's own objective from the program's c'x.
  double model_objective(double value) const { return objective_sign * value + objective_constant; }
};

// Errors: a model without columns; integer columns (their number and the first's name). `origin` is the file, for
// messages.
Imported from_mps(const io::MpsModel& model, std::string_view origin);

}  // namespace fathom::lp
