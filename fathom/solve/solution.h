// What a solve returns: the best iterate of every row, and why each row stopped.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/tensor/state.h"

namespace fathom::solve {

enum class Status : std::uint8_t {
  running,    // never in a finished solution
  converged,  // the row test of Stop holds
  max_iter,   // used all its evaluations
  stagnated,  // no 1% better residual within `patience`, or at the floor of the dtype
  diverged,   // residual beyond divergence * best, or growing for a whole window
  nonfinite,  // G returned NaN or infinity; the best iterate before it is kept
  budget,     // out of time
};
std::string_view to_string(Status status);

// Residuals along the way, recorded on demand.
struct Trace {
  std::vector<std::vector<double>> residual;  // [iteration][row] ||r||, NaN once the row is done
  std::vector<double> seconds;                // [iteration] wall time since the start
  std::vector<State> iterates;                // y at the iterations asked for (TraceOptions::keep)
  std::vector<std::int64_t> kept;             // which iterations those are
};

struct TraceOptions {
  bool residuals = false;
  std::vector<std::int64_t> keep;  // t < calls whose y_t is kept (0 = the start); full batch, not compacted
};

struct Solution {
  State y;                               // best iterate of every row
  std::vector<Status> status;            // [B]
  std::vector<std::int64_t> iterations;  // [B] iterates of the row at which G was evaluated
  std::vector<double> residual;          // [B] ||G(y) - y|| there; infinity if never finite
  std::vector<double> relative;          // [B] the same over ||G(y)||
  std::vector<double> error_bound;       // [B] at least ||y - y*||; empty unless the map has a proved contraction (Map)
  std::vector<std::int64_t> products;    // [B] products J v the row used; 0 but for newton_krylov
  std::vector<std::string_view> stage;   // [B] the solver the row ended with; empty but for escalate
  std::int64_t calls = -1;               // evaluations of G on some batch, whatever for
  std::int64_t rows_evaluated = -1;      // rows in all those calls together
  std::int64_t product_calls = -1;       // products J v on some batch; those by finite difference are calls too
  double seconds = -1;
  Trace trace;
  std::string message = "fixed_point was not called.";

  bool converged() const;  // every row
  std::int64_t count(Status which) const;
  const Solution& require() const;  // itself if every row converged; throws Error with the message otherwise
  std::string brief() const;        // "converged 64/64, 17 iterations (max 19), residual 3.1e-06, 2.1 ms"

  // Banach's a-posteriori bounds for a map of contraction factor L, in exact arithmetic of G (rounding adds the
  // residual's floor over 1 - L). Infinite where L >= 1; nothing without L.
  //   ||y - y*|| <= ||G(y) - y|| / (1 - L)                of an answer at which the residual was measured
  //   ||y_t - y*|| <= L / (1 - L) ||y_t - y_{t-1}||       of the last plain step
  void bound_errors(std::optional<double> L);
  void bound_errors_of_steps(std::optional<double> L);
};

}  // namespace fathom::solve

namespace fathom {
using solve::Solution;
}  // namespace fathom
