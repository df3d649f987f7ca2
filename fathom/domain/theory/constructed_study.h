// Theorem 2.4 seen on one target: the regular operator built, checked and iterated, a non-regular one refused.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/config.h"
#include "fathom/domain/theory/dynamics.h"
#include "fathom/domain/theory/fixed_points.h"
#include "fathom/domain/theory/regularity.h"

namespace fathom::theory {

struct ConstructedStudy {
  Target target;
  Probed probed;
  Operator op;
  Regularity regularity, refused;       // of the regular operator, and of the one with a constant step
  Approach approach, refused_approach;  // empty where the target has no singular set
  Dynamics dynamics;
  FixedPoints fixed_points;
  std::vector<double> eps;  // [point]
};

ConstructedStudy study_constructed(const ConstructedConfig& config, const Target& target, std::uint64_t seed);

// Curves (error and lipschitz over t, iterations to tolerance over the place) and checks.
void append(const ConstructedStudy& study, const ConstructedConfig& config, base::StudyRecord& record);

}  // namespace fathom::theory
