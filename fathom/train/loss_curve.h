// The loss over the updates of a training, as model files keep it.
#pragma once

#include <cstddef>
#include <vector>

#include "fathom/io/safetensors.h"

namespace fathom::train {

struct LossCurve {
  std::vector<double> step, loss;  // update, loss
};

// The mean loss of each of at most `points` stretches of equal length, at the update the stretch ends with.
LossCurve thinned(const std::vector<double>& losses, std::size_t points = 200);

// As the tensors "curve:step" and "curve:loss". Errors of read_curve (fathom::Error): one of them is missing.
void append_curve(io::Safetensors& file, const LossCurve& curve);
LossCurve read_curve(const io::Safetensors& file);

}  // namespace fathom::train
