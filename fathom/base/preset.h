// The names that every study's sets of options go by.
#pragma once

#include <string_view>

namespace fathom::base {

// For a name that is not quick, full or paper. Throws UsageError with the nearest of these.
[[noreturn]] void refuse_preset(std::string_view name);

}  // namespace fathom::base
