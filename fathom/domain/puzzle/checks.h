// The study's claims, each with its number and its bound; of several seeds the worst is judged.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/puzzle/config.h"
#include "fathom/domain/puzzle/measured.h"

namespace fathom::puzzle {

// Appends to record.checks those whose size and iteration the study has; none where losses are compared.
//   parity, trained on 32 bits: 512 bits 100% at t = 640, 0% at t = 80; training at most 5 minutes; every rival at most
//   5% at 64 bits.
//   maze, trained on at most 13 x 13: 15 x 15 at least 95% at t = 40 and at most 10% at t = 5, 23 x 23 at least 80% at
//   t = 160; training at most 40 minutes; every rival at most 50% at 23 x 23.
void append_checks(const Config& config, const std::vector<Seeds>& models, base::StudyRecord& record);

}  // namespace fathom::puzzle
