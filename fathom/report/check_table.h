// The checks of a study in words.
#pragma once

#include <string>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::report {

// "≤ 0.4" or "≥ 0.4": a check that holds with a value below its bound asks for at most the bound,
// and so on. The bound alone where that cannot be told (equal, or not finite).
std::string required(const base::Check& check);

// claim | result (holds, FAILS) | value | required.
base::Table check_table(const std::vector<base::Check>& checks);

}  // namespace fathom::report
