// The numbers behind the curves of a study.
#pragma once

#include <string>

#include "fathom/base/record.h"

namespace fathom::report {

// One row per curve of the quantity: first value; best one and where (if one way is better); value
// at the training depth (if the record tells it); last value and where, with its spread and maximum
// (if any curve has a spread).
base::Table curve_table(const base::StudyRecord& record, const std::string& quantity);

}  // namespace fathom::report
