// The study's claims about the implicit models of linear programs, each with its number and its bound.
#pragma once

#include "fathom/base/record.h"

namespace fathom::lp {

// Appends to record.checks, from record.models and record.curves: the error below 0.40, below each rival's and below
// the best predictor that knows nothing; the error at twice and four times the training depth within 10% of the curve's
// minimum; the Lipschitz constant larger at the end than after one iteration, for each of A, b, c, l, u.
void append_checks(base::StudyRecord& record);

}  // namespace fathom::lp
