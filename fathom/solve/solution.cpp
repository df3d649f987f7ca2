#include "fathom/solve/solution.h"

#include <algorithm>
#include <limits>
#include <cmath>
#include <numeric>

#include "fathom/base/error.h"

namespace fathom::solve {

namespace {

std::string duration(double seconds) {
  if (seconds < 0) return "not run";
  if (seconds < 1e-3) return fmt::format("{:.1f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.2f} s", seconds);
}

}  // namespace

std::string_view to_string(Status status) {
  switch (status) {
    case Status::running:
      return "running";
    case Status::converged:
      return "converged";
    case Status::max_iter:
      return "max_iter";
    case Status::stagnated:
      return "stagnated";
    case Status::diverged:
      return "diverged";
    case Status::nonfinite:
      return "nonfinite";
    case Status::budget:
      return "budget";
  }
  return "unknown";
}

bool Solution::converged() const { return count(Status::converged) == static_cast<std::int64_t>(status.size()); }

std::int64_t Solution::count(Status which) const { return std::count(status.begin(), status.end(), which); }

const Solution& Solution::require() const {
  if (calls < 0 || !converged()) base::fail("solve::Solution::require", message);
  return *this;
}

std::string Solution::brief() const {
  if (status.empty()) return message;
  const auto rows = static_cast<double>(status.size());
  const double mean = std::accumulate(iterations.begin(), iterations.end(), 0.0) / rows;
  return fmt::format("converged {}/{}, {:.0f} iterations (max {}), residual {:.1e}, {}", count(Status::converged),
                     status.size(), mean, *std::max_element(iterations.begin(), iterations.end()),
                     *std::max_element(residual.begin(), residual.end()), duration(seconds));
}

namespace {

std::vector<double> bounds(const std::vector<double>& residual, std::optional<double> L, double numerator) {
  if (!L) return {};
  constexpr double kNone = std::numeric_limits<double>::infinity();
  std::vector<double> bound;
  for (const double r : residual) bound.push_back(*L < 1 ? numerator / (1 - *L) * r : kNone);
  return bound;
}

}  // namespace

void Solution::bound_errors(std::optional<double> L) { error_bound = bounds(residual, L, 1); }
void Solution::bound_errors_of_steps(std::optional<double> L) { error_bound = bounds(residual, L, L.value_or(1)); }

}  // namespace fathom::solve
