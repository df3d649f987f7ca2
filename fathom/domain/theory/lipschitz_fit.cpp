#include "fathom/domain/theory/lipschitz_fit.h"

#include <algorithm>
#include <iterator>

#include "fathom/base/error.h"

namespace fathom::theory {

namespace {

// An increasing piecewise linear function with the same slope at both ends.
class Derivative {
 public:
  explicit Derivative(double F) : knots_{{F, 0}}, end_slope_(2) {}

  double zero() const {
    const auto right = std::find_if(knots_.begin(), knots_.end(), [](const Knot& k) { return k.value >= 0; });
    if (right == knots_.begin()) return right->at - right->value / end_slope_;
    if (right == knots_.end()) return knots_.back().at - knots_.back().value / end_slope_;
    const Knot& left = *std::prev(right);
    const double span = right->value - left.value;
    return span > 0 ? left.at - left.value * (right->at - left.at) / span : right->at;
  }

  // What lies below the zero moves left by `reach`, what lies above moves right.
  void part(double reach) {
    const double middle = zero();
    const auto above = std::partition_point(knots_.begin(), knots_.end(), [](const Knot& k) { return k.value < 0; });
    for (auto k = knots_.begin(); k != above; ++k) k->at -= reach;
    for (auto k = above; k != knots_.end(); ++k) k->at += reach;
    knots_.insert(above, {{middle - reach, 0}, {middle + reach, 0}});
  }

  // The cost of one more point.
  void add(double F) {
    for (Knot& k : knots_) k.value += 2 * (k.at - F);
    end_slope_ += 2;
  }

 private:
  struct Knot {
    double at, value;
  };
  std::vector<Knot> knots_;
  double end_slope_;
};

void check(const std::vector<double>& x, const std::vector<double>& F, double L) {
  constexpr std::string_view kPlace = "theory::best_lipschitz_fit";
  base::require(L > 0, kPlace, "L", L, "> 0", "a constant has no fit to speak of");
  if (x.size() != F.size() || x.empty()) {
    base::fail(kPlace, "{} points do not pair with {} values; give one value a point", x.size(), F.size());
  }
  if (std::adjacent_find(x.begin(), x.end(), std::greater_equal<>()) != x.end()) {
    base::fail(kPlace, "x violates ascending; sort the points");
  }
}

}  // namespace

std::vector<double> best_lipschitz_fit(const std::vector<double>& x, const std::vector<double>& F, double L) {
  check(x, F, L);
  Derivative derivative(F[0]);
  std::vector<double> best{derivative.zero()};  // of f_i, were there no point after it
  for (std::size_t i = 1; i < x.size(); ++i) {
    derivative.part(L * (x[i] - x[i - 1]));
    derivative.add(F[i]);
    best.push_back(derivative.zero());
  }
  for (std::size_t i = x.size() - 1; i-- > 0;) {
    const double reach = L * (x[i + 1] - x[i]);
    best[i] = std::clamp(best[i], best[i + 1] - reach, best[i + 1] + reach);
  }
  return best;
}

}  // namespace fathom::theory
