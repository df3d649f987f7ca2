// What restoration without learning reaches on the test crops (classical.h), each method with the parameter that is
// best on the first training crops, as many as are tested.
#pragma once

#include <vector>

#include "fathom/domain/imaging/data.h"
#include "fathom/study/average.h"

namespace fathom::imaging {

// "blurred": the data themselves; "tikhonov", "gradient tikhonov", "total variation".
std::vector<study::Measured> measure_classical(const ImageData& data);

}  // namespace fathom::imaging
