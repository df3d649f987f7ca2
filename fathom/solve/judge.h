// When a row of the batch stops, and why: the rules of Stop applied to one row at a time.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "fathom/kernel/rows.h"
#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"

namespace fathom::solve {

// What is remembered of a row.
struct RowRecord {
  static constexpr double kNone = std::numeric_limits<double>::infinity();

  Status status = Status::running;
  std::int64_t iterations = 0;
  double relative = kNone;   // ||r|| / ||G(y)|| at the best iterate
  double last = kNone;       // ||r|| before
  double mark = kNone;       // ||r|| when it last improved by 1%
  std::int64_t idle = 0;     // iterations since then
  std::int64_t growing = 0;  // iterations for which ||r|| has grown without a break

  // The row goes on by other means: what it did so far says nothing about its progress.
  void start_over() {
    status = Status::running;
    last = mark = kNone;
    idle = growing = 0;
  }
};

class Judge {
 public:
  // `part_start` as in Layout; `epsilon` of the state's dtype, `rounding` of G (Evaluation::epsilon): larger where G is
  // evaluated in less precision than its state has. A residual that meets a tolerance below half that unit is then an
  // accident of rounding, G(round(y)) = y, and the row is stagnated, not converged.
  Judge(const Stop& stop, const std::vector<std::int64_t>& part_start, double epsilon, double rounding);

  // Relative residuals up to this can be the noise of one evaluation of G.
  static double floor(double rounding);

  // Takes note of the row's residual and sets live.residual, improved and running; `best` is
  // lowered if improved.
  void operator()(RowRecord& row, double& best, kernel::LiveRow& live, std::span<const kernel::Squares> parts,
                  bool can_roll_back) const;

 private:
  bool passes(std::span<const kernel::Squares> parts) const;
  bool is_resolved(std::span<const kernel::Squares> parts) const;
  Status verdict(const RowRecord& row, double residual, double value, double best, bool can_roll_back) const;

  Stop stop_;
  std::vector<double> absolute_;  // atol * sqrt(d) of each part
  double floor_;                  // residuals below floor * ||G(y)|| are rounding
  double unresolved_;             // tolerances below unresolved * ||G(y)|| cannot be seen to hold
};

}  // namespace fathom::solve
