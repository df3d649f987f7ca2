// The study's claims, each with its number and its bound.
#pragma once

#include "fathom/base/record.h"

namespace fathom::pde {

// Appends to record.checks, of the implicit network and its rivals in the record:
//   its test error is at most half of the FNO's of as many parameters, below the normalised FNO++'s of as many and
//   below the FNO++'s of twice its blocks; the error falls by a tenth or more from t = 1 to the training depth, and at
//   four times the training depth (or the last t) it is within 10% of the least; the largest Lipschitz constant rises
//   from its first value and changes by less than 10% over the last half of the iterations.
void append_checks(base::StudyRecord& record);

}  // namespace fathom::pde
