// What a model answers while it is trained, with the graph of the study's gradient.
#pragma once

#include "fathom/domain/imaging/config.h"
#include "fathom/domain/imaging/model.h"

namespace fathom::imaging {

// implicit: K iterations and the gradient that `train` names (losses.h); unrolled: one pass with its whole graph.
Tensor training_answer(const TrainConfig& train, const DeblurModel& model, const Blur& blur, const Tensor& y);

}  // namespace fathom::imaging
