// Predictors that know nothing of the constraints: what a network must beat.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

enum class Baseline { zero, midpoint, cost_sign };
inline constexpr std::array kBaselines = {Baseline::zero, Baseline::midpoint, Baseline::cost_sign};
std::string_view to_string(Baseline baseline);

// zero: x = 0.  midpoint: (l+u)/2.  cost_sign: l where c > 0, u where c < 0, the midpoint where c = 0. An infinite
// bound is replaced by 0 moved into the bounds.
std::vector<double> predict(Baseline baseline, const Instance& instance);

// mean_k ||x^_k - x_k|| / (||x_k|| + 1).
double baseline_error(Baseline baseline, const Dataset& data);

}  // namespace fathom::lp
