// The study's claims about looped language models, each with its number and its bound.
#pragma once

#include <cstdint>

#include "fathom/base/record.h"

namespace fathom::llm {

// Appends to record.checks, from record.models, record.curves and statistics["training_depth"] = r, the trained mean:
//   the held-out loss falls from each of t = 1, 2, 4, ..., r to the next;
//   at 2 r and 4 r it is within 2% of the curve's least;
//   at r it is below each predictor's that counts, and below that of the blocks without the loop;
//   an adaptive exit takes more steps for the least certain tenth of the bytes than for the most certain, and loses
//   less than 1% against all r steps with fewer of them, for one threshold of each criterion at least; the Lipschitz
//   ratio of the answers to prompt pairs is larger with the most steps than with the fewest.
void append_checks(base::StudyRecord& record);

}  // namespace fathom::llm
