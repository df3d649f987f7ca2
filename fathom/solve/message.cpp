#include "fathom/solve/message.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "fathom/solve/judge.h"
#include "fathom/tensor/precision.h"

namespace fathom::solve {

namespace {

constexpr std::array kFailures{Status::nonfinite, Status::diverged, Status::stagnated, Status::max_iter,
                               Status::budget};

std::string_view advice(Status status) {
  switch (status) {
    case Status::nonfinite:
      return "look for what makes G infinite there, or start elsewhere";
    case Status::diverged:
      return "G expands there: try anderson, newton_krylov, damping < 1 or another start";
    case Status::stagnated:
      return "ask for a larger rtol, use float64, or raise patience";
    case Status::max_iter:
      return "raise max_iter or ask for a larger rtol";
    case Status::budget:
      return "raise seconds or ask for a larger rtol";
    default:
      return "";
  }
}

std::string rounded_advice(double rounding) {
  return fmt::format(
      "that is the floor of the precision G is evaluated in (unit of rounding {:.2g}): go on in full precision "
      "(fixed_point_mixed) or ask for a larger rtol",
      rounding);
}

std::string failure_counts(const Solution& solution) {
  std::vector<std::string> counts;
  for (const Status status : kFailures) {
    const std::int64_t rows = solution.count(status);
    if (rows > 0) counts.push_back(fmt::format("{} {}", rows, to_string(status)));
  }
  return fmt::format("{}", fmt::join(counts, ", "));
}

// The row that failed with the largest relative residual; one whose residual never was a number
// comes first.
std::size_t worst_row(const Solution& solution) {
  std::size_t worst = solution.status.size();
  for (std::size_t b = 0; b < solution.status.size(); ++b) {
    if (solution.status[b] == Status::converged) continue;
    if (worst == solution.status.size() || solution.relative[b] > solution.relative[worst]) worst = b;
  }
  return worst;
}

// " Rows by their last solver: 5 picard, 2 anderson." where that differs by row.
std::string stages(const Solution& solution) {
  std::vector<std::pair<std::string_view, std::int64_t>> counts;
  for (const std::string_view stage : solution.stage) {
    const auto same = [&](const auto& count) { return count.first == stage; };
    const auto found = std::find_if(counts.begin(), counts.end(), same);
    if (found == counts.end())
      counts.emplace_back(stage, 1);
    else
      ++found->second;
  }
  std::vector<std::string> texts;
  for (const auto& [stage, rows] : counts) texts.push_back(fmt::format("{} {}", rows, stage));
  return texts.empty() ? "" : fmt::format(" Rows by their last solver: {}.", fmt::join(texts, ", "));
}

std::string asked(const Stop& stop) {
  return stop.atol > 0 ? fmt::format("rtol {:g} and atol {:g}", stop.rtol, stop.atol)
                       : fmt::format("rtol {:g}", stop.rtol);
}

}  // namespace

std::string message_of(const Solution& solution, const Stop& stop, const at::TensorOptions& options, double rounding) {
  const auto rows = static_cast<std::int64_t>(solution.status.size());
  const std::int64_t converged = solution.count(Status::converged);
  if (rows == 0) return "nothing to solve: the batch is empty.";
  if (converged == rows) {
    return fmt::format("{} of {} rows converged to {} in {} calls of G.{}", converged, rows, asked(stop),
                       solution.calls, stages(solution));
  }
  const std::size_t worst = worst_row(solution);
  const at::ScalarType type = options.dtype().toScalarType();
  const bool rounded = rounding > tensor::epsilon_of(type) && solution.status[worst] == Status::stagnated &&
                       solution.relative[worst] <= Judge::floor(rounding);
  return fmt::format(
      "{} of {} rows did not converge to {} ({}); the worst is row {}, {} after {} evaluations "
      "with a best "
      "residual of {:.2e} ({:.2e} of ||G(y)||) in {}; {}.{}",
      rows - converged, rows, asked(stop), failure_counts(solution), worst, to_string(solution.status[worst]),
      solution.iterations[worst], solution.residual[worst], solution.relative[worst], c10::toString(type),
      rounded ? rounded_advice(rounding) : std::string(advice(solution.status[worst])), stages(solution));
}

}  // namespace fathom::solve
