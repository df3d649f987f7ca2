// The simplex method of Clp (COIN-OR) on one linear program, from scratch or from a basis.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

enum class Outcome { optimal, infeasible, unbounded, failed };
std::string_view to_string(Outcome outcome);

// Where a variable, or the activity a_i'x of a row, stands: in the basis, at a bound, or nonbasic at no bound (a
// start puts it at 0 then, or at the bound nearest to 0).
enum class Place : std::uint8_t { basic, lower, upper, between };

struct Basis {
  std::vector<Place> variables;  // [n]
  std::vector<Place> rows;       // [m]; upper: a_i'x = b_i.  Basics of both together: m
};

struct SimplexOptions {
  enum class Method { dual, primal };
  Method method = Method::dual;
  double tolerance = 1e-9;          // on rows, bounds and reduced costs
  std::int64_t max_iterations = 0;  // 0: 10000 + 50 (m + n)
  std::optional<Basis> start = {};  // empty: all slacks basic
};

struct SimplexResult {
  Outcome outcome = Outcome::failed;
  std::int64_t iterations = -1;
  double objective = 0;              // c'x
  std::vector<double> x;             // [n]
  std::vector<double> y;             // [m] duals: y_i <= 0 on "<=" rows
  std::vector<double> reduced_cost;  // [n] d = c - A'y: >= 0 where x = l, <= 0 where x = u
  Basis basis;                       // the one it ended in
};

// Cost: 0.2 ms at 10 x 50. Several threads may call it at once. x, y and d are meaningful when the outcome is
// optimal. Errors: an instance that validate() refuses; a start whose sizes differ from the program's.
SimplexResult simplex(const Instance& instance, const SimplexOptions& options = {});

}  // namespace fathom::lp
