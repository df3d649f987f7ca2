// The study's claims about looped language models, each with its number and its bound.
#pragma once

#include <cstdint>

#include "fathom/base/record.h"

namespace fathom::llm {

// Appends to record.checks, from record.models, record.curves and statistics["training_depth"] = r, the trained mean:
//   the held-out loss falls from each of t = 1, 2, 4, ..., r to the next;
//   at 2 r and 4 r it is within 2% of the curve's least;
//   at r it is below each predictor's that counts, and below that of the blocks without the loop;
//   with fewer than r mean steps an adaptive exit loses less than 1% against all r, by latent difference and by KL
//   divergence each for one threshold at least; by KL it takes fewer steps for the most certain tenth of the bytes than
//   for all of them on average;
//   the Lipschitz ratio of the answers to prompt pairs is larger with the most steps than with the fewest.
void append_checks(base::StudyRecord& record);

}  // namespace fathom::llm
