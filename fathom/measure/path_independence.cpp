#include "fathom/measure/path_independence.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/tensor/convert.h"

namespace fathom::measure {

namespace {

void compare(PathIndependence& out, const Solution& a, const Solution& b) {
  const std::vector<double> apart = distance(a.y, b.y);
  const std::vector<double> sizes_a = solve::row_norms(a.y.flat()), sizes_b = solve::row_norms(b.y.flat());
  for (std::size_t row = 0; row < apart.size(); ++row) {
    if (a.status[row] != solve::Status::converged || b.status[row] != solve::Status::converged) continue;
    const double relative = apart[row] == 0 ? 0 : apart[row] / std::max(sizes_a[row], sizes_b[row]);
    if (!(relative <= out.distance[row])) out.distance[row] = relative;  // the first one replaces NaN
  }
}

}  // namespace

PathIndependence path_independence(const Map& map, const std::vector<State>& starts, const solve::Solver& solver,
                                   const solve::Stop& stop) {
  base::require(starts.size() >= 2, "measure::path_independence", "starts", starts.size(), ">= 2",
                "their answers are compared");
  std::vector<Solution> solutions;
  for (const State& start : starts) solutions.push_back(solve::fixed_point(map, start, solver, stop));
  const auto rows = static_cast<std::size_t>(starts[0].batch());
  PathIndependence out{std::vector<double>(rows, std::numeric_limits<double>::quiet_NaN()),
                       std::vector<std::int64_t>(rows, 0)};
  for (std::size_t i = 0; i < solutions.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) compare(out, solutions[i], solutions[j]);
    for (std::size_t row = 0; row < rows; ++row) {
      out.converged[row] += solutions[i].status[row] == solve::Status::converged;
    }
  }
  return out;
}

std::vector<State> random_starts(const State& y0, std::int64_t count, double radius, std::int64_t seed) {
  const Tensor like = y0.flat().detach();
  std::vector<State> starts{y0.detach()};
  for (std::int64_t i = 1; i < count; ++i) {
    base::Random random(base::stream_seed(static_cast<std::uint64_t>(seed), "start", static_cast<std::uint64_t>(i)));
    std::vector<double> entries(like.size(1));
    double square = 0;
    for (double& entry : entries) square += std::pow(entry = random.normal(), 2);
    for (double& entry : entries) entry *= radius / std::sqrt(square);
    const Tensor row = tensor::from_doubles(entries, {1, like.size(1)}, at::kDouble).to(like.options());
    starts.push_back(y0.detach().with_flat(row.expand_as(like).contiguous()));
  }
  return starts;
}

}  // namespace fathom::measure
