// The simplex method of COIN-OR Clp on an Instance.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

enum class ClpStatus { optimal, infeasible, unbounded, stopped };

// Where each column (first n) and row slack (then m) stands, in Clp's codes: 1 basic, 2 at upper, 3 at lower, 0 free.
using Basis = std::vector<unsigned char>;

struct ClpResult {
  ClpStatus status = ClpStatus::stopped;
  std::int64_t iterations = 0;
  double objective = 0;
  std::vector<double> x;             // [n]
  std::vector<double> activity;      // [m] a_i'x
  std::vector<double> dual;          // [m] d objective / d b_i
  std::vector<double> reduced_cost;  // [n] c - A'dual
  Basis basis;                       // [n + m] at the end
};

// Dual simplex from the all-slack basis, or primal simplex from `start`. Silent; safe to call from several threads.
ClpResult solve_clp(const Instance& instance, const std::optional<Basis>& start = std::nullopt);

}  // namespace fathom::lp
