// MPS files: linear and mixed-integer programs, fixed and free format.
//
//   optimise  objective' x + objective_constant   subject to  row_lower <= A x <= row_upper,  lower <= x <= upper
//
// Read: NAME, ROWS, COLUMNS, RHS, RANGES, BOUNDS, ENDATA; OBJSENSE (MIN, MAX, MINIMIZE, MAXIMIZE in either case; on the
// section's line or on the next); '*' comments; INTORG/INTEND markers; bounds UP LO FX FR MI PL BV LI UI.
// The rules, where the dialects leave a choice:
// - The first N row is the objective; other N rows are dropped with their entries.
// - An RHS on the objective row is minus the constant.
// - A range R on an E row with right-hand side b gives [b, b+|R|] for R > 0 and [b-|R|, b] for R < 0; L: [b-|R|, b];
//   G: [b, b+|R|].
// - A column is in [0, inf) unless bounded, an integer column too. UP below zero without a lower bound of its own makes
//   the lower bound -inf (as Clp and CPLEX read it); UP = 0 leaves it 0. MI leaves the upper bound. BV is integer
//   [0, 1].
// - The first RHS, RANGES and BOUNDS set is used, entries of other sets are dropped. A set's name may be absent.
// - A bound at or beyond 1e30 in magnitude is infinite; a coefficient, right-hand side or range must be finite.
// - An exponent may be written with D, as Fortran writes it.
// - A file is read in free format (blanks separate the fields, names hold none). When that fails and every data line
//   keeps to the columns of the fixed format (2-3, 5-12, 15-22, 25-36, 40-47, 50-61) it is read in that one, where
//   names may hold blanks. FREE at the end of the NAME line says free and is no part of the name.
// - What follows ENDATA is ignored. lower > upper is no error of the format: the model is infeasible.
// Refused with origin, line and section: a repeated section, row, column, entry, right-hand side, range or bound; an
// unknown row, column, section or bound type; a bad number or NaN; a name longer than 255; a missing ENDATA; an empty
// file; no objective row. Cost: linear in the text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::io {

struct MpsModel {
  std::string name;
  bool maximize = false;
  double objective_constant = 0;
  std::string objective_name;
  std::vector<std::string> row_names, column_names;
  std::vector<char> row_sense;                        // 'L', 'G' or 'E'
  std::vector<double> row_lower, row_upper;           // row_lower <= a'x <= row_upper, infinities allowed
  std::vector<double> objective;                      // one per column
  std::vector<std::int64_t> entry_row, entry_column;  // the matrix as triplets, in column order
  std::vector<double> entry_value;
  std::vector<double> lower, upper;  // column bounds, infinities allowed
  std::vector<bool> integer;

  bool operator==(const MpsModel&) const = default;
};

MpsModel parse_mps(std::string_view text, std::string_view origin);
MpsModel read_mps(const std::filesystem::path& path);

// Free format, every number in its shortest exact form; parse_mps gives the model back. Throws Error when a name
// cannot stand in free format (empty, blank inside) or a row's sense contradicts its bounds. A range is written as its
// width, so its far end may come back off by one rounding.
std::string to_mps(const MpsModel& model);

}  // namespace fathom::io
