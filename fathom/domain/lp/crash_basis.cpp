#include "fathom/domain/lp/crash_basis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fathom/base/error.h"

namespace fathom::lp {

namespace {

using Vector = std::vector<double>;

constexpr double kDependent = 1e-9;  // a column of which elimination leaves less than this part is dependent
constexpr double kAtBound = 1e-9;    // relative distances below it do not rank
constexpr double kFixed = -1;        // rank of a fixed variable
constexpr double kEquality = -2;     // rank of a slack that has to be zero

double distance(double value, double low, double high) {
  const double gap = std::max(0.0, std::min(value - low, high - value)) / (1 + std::abs(value));
  return gap < kAtBound ? 0 : gap;
}

// The rank of the variables [n], then of the slacks [m].
Vector ranks(const Instance& p, const Vector& x) {
  Vector rank;
  for (std::int64_t j = 0; j < p.n; ++j) rank.push_back(p.l[j] < p.u[j] ? distance(x[j], p.l[j], p.u[j]) : kFixed);
  const Vector a = activity(p, x);
  for (std::int64_t i = 0; i < p.m; ++i) {
    const double slack = std::max(0.0, p.b[i] - a[i]) / (1 + std::abs(p.b[i]));
    rank.push_back(p.equality[i] ? kEquality : slack < kAtBound ? 0 : slack);
  }
  return rank;
}

std::vector<std::int64_t> by_rank(const Vector& rank) {
  std::vector<std::int64_t> order(rank.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return rank[a] > rank[b]; });
  return order;
}

struct Entry {
  std::int64_t row;
  double value;
};
using Column = std::vector<Entry>;

// The columns of [A I].
std::vector<Column> columns_of(const Instance& p) {
  std::vector<Column> columns(static_cast<std::size_t>(p.n + p.m));
  for (std::size_t e = 0; e < p.value.size(); ++e) columns[p.column[e]].push_back({p.row[e], p.value[e]});
  for (std::int64_t i = 0; i < p.m; ++i) columns[p.n + i].push_back({i, 1.0});
  return columns;
}

// Left-looking Gaussian elimination: keeps the independent ones of the columns it is given, one at a time.
class Independent {
 public:
  explicit Independent(std::int64_t rows)
      : work_(static_cast<std::size_t>(rows)), pivoted_(static_cast<std::size_t>(rows)) {}

  bool complete() const { return pivots_.size() == work_.size(); }

  // True, and keeps it, if the column does not depend on the kept ones.
  bool add(const Column& column) {
    double size = 0;
    std::fill(work_.begin(), work_.end(), 0.0);
    for (const Entry& entry : column) {
      work_[entry.row] = entry.value;
      size = std::max(size, std::abs(entry.value));
    }
    eliminate();
    const std::int64_t pivot = largest_free_row();
    if (pivot < 0 || std::abs(work_[pivot]) <= kDependent * size) return false;
    keep(pivot);
    return true;
  }

 private:
  struct Pivot {
    std::int64_t row;
    Column multipliers;  // of the rows without a pivot at that time
  };

  // work -= work[pivot row] * multipliers, pivot by pivot
  void eliminate() {
    for (const Pivot& pivot : pivots_) {
      const double factor = work_[pivot.row];
      if (factor == 0) continue;
      for (const Entry& entry : pivot.multipliers) work_[entry.row] -= factor * entry.value;
    }
  }

  std::int64_t largest_free_row() const {
    std::int64_t best = -1;
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (!pivoted_[i] && (best < 0 || std::abs(work_[i]) > std::abs(work_[best]))) best = static_cast<std::int64_t>(i);
    }
    return best;
  }

  void keep(std::int64_t row) {
    pivoted_[row] = true;
    Pivot pivot{row, {}};
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (!pivoted_[i] && work_[i] != 0)
        pivot.multipliers.push_back({static_cast<std::int64_t>(i), work_[i] / work_[row]});
    }
    pivots_.push_back(std::move(pivot));
  }

  Vector work_;
  std::vector<bool> pivoted_;
  std::vector<Pivot> pivots_;
};

// Everything nonbasic: variables at the bound nearest to x, rows tight.
Basis all_nonbasic(const Instance& p, const Vector& x) {
  Basis basis{{}, std::vector<Place>(static_cast<std::size_t>(p.m), Place::upper)};
  for (std::int64_t j = 0; j < p.n; ++j) {
    const double below = x[j] - p.l[j], above = p.u[j] - x[j];
    const bool free = std::isinf(p.l[j]) && std::isinf(p.u[j]);
    basis.variables.push_back(free ? Place::between : below <= above ? Place::lower : Place::upper);
  }
  return basis;
}

void require_solution(const Instance& p, const Vector& x) {
  base::require(x.size() == static_cast<std::size_t>(p.n), "lp::crash_basis", "x.size()", x.size(),
                fmt::format("= {}", p.n), "give one number per variable");
  for (const double value : x)
    base::require(std::isfinite(value), "lp::crash_basis", "x", value, "finite", "the prediction is broken");
}

}  // namespace

Basis crash_basis(const Instance& p, const Vector& x) {
  validate(p);
  require_solution(p, x);
  Basis basis = all_nonbasic(p, x);
  const std::vector<Column> columns = columns_of(p);
  Independent independent(p.m);
  for (const std::int64_t k : by_rank(ranks(p, x))) {
    if (independent.complete()) break;
    if (!independent.add(columns[k])) continue;
    (k < p.n ? basis.variables[k] : basis.rows[k - p.n]) = Place::basic;
  }
  return basis;
}

}  // namespace fathom::lp
