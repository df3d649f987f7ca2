// The claims of a study as checks of its record: what several domains ask of their curves.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fathom/base/record.h"

namespace fathom::study {

// The first curve of that model and quantity, of that group unless it is "". Null: there is none.
const base::Curve* find_curve(const base::StudyRecord& record, std::string_view model, std::string_view quantity,
                              std::string_view group = {});

// The curve's first point at t or beyond, else its last. The curve has one point or more.
std::size_t point_at(const base::Curve& curve, double t);

// A check that holds where value <= bound, value >= bound.
void claim_at_most(base::StudyRecord& record, std::string name, double value, double bound);
void claim_at_least(base::StudyRecord& record, std::string name, double value, double bound);

// "largest lipschitz" rises, then saturates: at the last t it is above that at t = 1, and it changes by at most a tenth
// over the last half of the iterations. Nothing is claimed of fewer than four points.
void claim_lipschitz_saturates(base::StudyRecord& record, const std::string& model);

}  // namespace fathom::study
