#include "fathom/domain/imaging/training_answer.h"

#include "fathom/domain/imaging/losses.h"

namespace fathom::imaging {

Tensor training_answer(const TrainConfig& train, const DeblurModel& model, const Blur& blur, const Tensor& y) {
  if (!model.options().implicit()) return model.forward(blur, y);
  if (train.gradient == "hook")
    return hook_answer(model, blur, y, {.iterations = train.iterations, .steps = train.adjoint_steps});
  const solve::Stop stop{.rtol = train.rtol, .max_iter = train.iterations, .patience = train.iterations};
  if (train.gradient == "phantom") return equilibrium_answer(model, blur, y, train.solver, train.phantom, stop);
  return equilibrium_answer(model, blur, y, train.solver, train.adjoint, stop);
}

}  // namespace fathom::imaging
