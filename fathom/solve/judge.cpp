#include "fathom/solve/judge.h"

#include <algorithm>
#include <cmath>

namespace fathom::solve {

namespace {

// A residual of this many units of rounding of ||G(y)|| can be the noise of one evaluation of G,
// and this many iterations without progress there are enough to see that it is. Above it a slow map
// still advances, by a unit every few steps.
constexpr double kFloorUnits = 4;
constexpr std::int64_t kFloorPatience = 5;
constexpr double kProgress = 0.99;

void note_progress(RowRecord& row, double residual) {
  row.growing = residual > row.last ? row.growing + 1 : 0;
  row.last = residual;
  if (residual <= kProgress * row.mark) {
    row.mark = residual;
    row.idle = 0;
  } else {
    ++row.idle;
  }
}

double relative_to(double residual, double value) {
  if (residual == 0) return 0;
  return value > 0 ? residual / value : RowRecord::kNone;
}

}  // namespace

Judge::Judge(const Stop& stop, const std::vector<std::int64_t>& part_start, double epsilon, double rounding)
    : stop_(stop), floor_(floor(rounding)), unresolved_(rounding > epsilon ? rounding / 2 : 0) {
  for (std::size_t p = 0; p + 1 < part_start.size(); ++p) {
    absolute_.push_back(stop.atol * std::sqrt(static_cast<double>(part_start[p + 1] - part_start[p])));
  }
}

double Judge::floor(double rounding) { return kFloorUnits * rounding; }

void Judge::operator()(RowRecord& row, double& best, kernel::LiveRow& live, std::span<const kernel::Squares> parts,
                       bool can_roll_back) const {
  double residual_square = 0, value_square = 0;
  for (const kernel::Squares& part : parts) {
    residual_square += part.residual;
    value_square += part.value;
  }
  const double residual = std::sqrt(residual_square), value = std::sqrt(value_square);
  ++row.iterations;
  note_progress(row, residual);
  // The iterate that passes is the answer, also where an earlier one had a smaller norm but failed
  // in one part.
  const bool within = passes(parts);
  live.residual = residual;
  live.improved = within || residual < best;
  if (live.improved) {
    best = residual;
    row.relative = relative_to(residual, value);
  }
  row.status = !within              ? verdict(row, residual, value, best, can_roll_back)
               : is_resolved(parts) ? Status::converged
                                    : Status::stagnated;
  live.running = row.status == Status::running;
}

// False for NaN.
bool Judge::passes(std::span<const kernel::Squares> parts) const {
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (!(std::sqrt(parts[p].residual) <= absolute_[p] + stop_.rtol * std::sqrt(parts[p].value))) return false;
    if (!std::isfinite(parts[p].value)) return false;
  }
  return true;
}

// Whether the tolerance of every part is one that G, rounded as it is, can be seen to meet.
bool Judge::is_resolved(std::span<const kernel::Squares> parts) const {
  if (unresolved_ == 0) return true;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const double value = std::sqrt(parts[p].value);
    if (absolute_[p] + stop_.rtol * value < unresolved_ * value) return false;
  }
  return true;
}

Status Judge::verdict(const RowRecord& row, double residual, double value, double best, bool can_roll_back) const {
  if (!can_roll_back) {
    if (!std::isfinite(residual) || !std::isfinite(value)) return Status::nonfinite;
    if (residual > stop_.divergence * best || row.growing >= stop_.patience) return Status::diverged;
  }
  const bool at_floor = residual <= floor_ * value;
  if (row.idle >= (at_floor ? std::min(stop_.patience, kFloorPatience) : stop_.patience)) return Status::stagnated;
  return row.iterations >= stop_.max_iter ? Status::max_iter : Status::running;
}

}  // namespace fathom::solve
