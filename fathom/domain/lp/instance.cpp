#include "fathom/domain/lp/instance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include "fathom/base/error.h"

namespace fathom::lp {

namespace {

constexpr std::string_view kPlace = "lp::validate";

template <class Value>
void require_size(std::string_view name, const std::vector<Value>& values, std::int64_t size) {
  base::require(values.size() == static_cast<std::size_t>(size), kPlace, std::string(name) + ".size()", values.size(),
                fmt::format("= {}", size), "give one number for each");
}

void require_finite(std::string_view name, const std::vector<double>& values) {
  for (const double value : values) {
    base::require(std::isfinite(value), kPlace, name, value, "finite", "only bounds may be infinite");
  }
}

void require_sorted(const Instance& p) {
  for (std::size_t e = 0; e < p.value.size(); ++e) {
    base::require(p.row[e] >= 0 && p.row[e] < p.m, kPlace, "row", p.row[e], fmt::format("in [0, {})", p.m),
                  "rows count from 0");
    base::require(p.column[e] >= 0 && p.column[e] < p.n, kPlace, "column", p.column[e], fmt::format("in [0, {})", p.n),
                  "columns count from 0");
    if (e == 0) continue;
    const bool ascends = p.row[e - 1] < p.row[e] || (p.row[e - 1] == p.row[e] && p.column[e - 1] < p.column[e]);
    base::require(ascends, kPlace, "nonzero", e, "order by row, then column", "sort them and add up repeated ones");
  }
}

void require_bounds(const Instance& p) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < p.n; ++j) {
    base::require(p.l[j] < kInfinity, kPlace, "l", p.l[j], "< inf", "use -inf for a variable without lower bound");
    base::require(p.u[j] > -kInfinity, kPlace, "u", p.u[j], "> -inf", "use inf for a variable without upper bound");
  }
}

}  // namespace

void validate(const Instance& p) {
  base::require(p.m >= 0, kPlace, "m", p.m, ">= 0", "give the number of constraints");
  base::require(p.n >= 1, kPlace, "n", p.n, ">= 1", "a program has variables");
  require_size("b", p.b, p.m);
  require_size("equality", p.equality, p.m);
  require_size("c", p.c, p.n);
  require_size("l", p.l, p.n);
  require_size("u", p.u, p.n);
  require_size("row", p.row, static_cast<std::int64_t>(p.value.size()));
  require_size("column", p.column, static_cast<std::int64_t>(p.value.size()));
  require_finite("value", p.value);
  require_finite("b", p.b);
  require_finite("c", p.c);
  require_sorted(p);
  require_bounds(p);
}

double objective(const Instance& instance, const std::vector<double>& x) {
  return std::inner_product(x.begin(), x.end(), instance.c.begin(), 0.0);
}

std::vector<double> activity(const Instance& instance, const std::vector<double>& x) {
  std::vector<double> a(static_cast<std::size_t>(instance.m), 0.0);
  for (std::size_t e = 0; e < instance.value.size(); ++e)
    a[instance.row[e]] += instance.value[e] * x[instance.column[e]];
  return a;
}

}  // namespace fathom::lp
