// The study of a map that is given, not trained: what its iterates do at t = 0..T on the samples of a file.
//
//   residual    ||G(y_t) - y_t|| / ||G(y_t)||
//   error       ||y_t - target|| / ||target||, where the file knows the target
//   lipschitz   ||y_t(x + dx) - y_t(x)|| / ||dx||, the largest over random dx of length perturbation * ||x||
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/map/config.h"
#include "fathom/domain/map/inputs.h"

namespace fathom::map {

// Seeded: the moves follow from `seed`. Cost: (T + 1) (1 + perturbed) evaluations of G.
base::StudyRecord study(const Config& config, const Subject& subject, std::uint64_t seed);

}  // namespace fathom::map
