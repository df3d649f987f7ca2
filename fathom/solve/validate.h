// Options checked before a solve.
#pragma once

#include "fathom/base/fields.h"

namespace fathom::solve {

// Throws UsageError for a value out of its bounds. Building the list of fields costs more than an iteration of a small
// problem, so the options last found valid are remembered (per thread).
template <class Options>
void validate(Options options) {
  thread_local Options valid;
  if (options == valid) return;
  base::validate(base::fields_of(options));
  valid = options;
}

}  // namespace fathom::solve
