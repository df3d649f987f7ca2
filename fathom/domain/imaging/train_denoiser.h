// Training of the denoiser that the models of a study start from.
//
//   loss = mean (D(x + s n, s) - x)^2,   s uniform in [0, sigma_max] of each crop,  n ~ N(0, I)
#pragma once

#include <cstdint>
#include <memory>

#include "fathom/domain/imaging/config.h"
#include "fathom/domain/imaging/run.h"
#include "fathom/nn/drunet.h"

namespace fathom::imaging {

// The trained denoiser: of denoiser.file, or of the run's folder, or trained now on crops of the training photos that
// are drawn, mirrored and turned afresh for every update. Null: interrupted. Errors (fathom::Error): weights of
// another size.
std::shared_ptr<nn::Drunet> trained_denoiser(const Config& config, const Run& run, std::uint64_t seed);

}  // namespace fathom::imaging
