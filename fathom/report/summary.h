// What a study did and found, in a paragraph.
#pragma once

#include <string>

#include "fathom/base/record.h"

namespace fathom::report {

// Sentences with the record's numbers: what was trained on how much data, which model is best and
// by how much, how its error moves along the iterations, how many checks hold, how long it took.
// What the record lacks is left out.
std::string summary(const base::StudyRecord& record);

}  // namespace fathom::report
