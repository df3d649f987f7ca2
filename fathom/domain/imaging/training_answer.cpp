#include "fathom/domain/imaging/training_answer.h"

#include "fathom/diff/equilibrium.h"
#include "fathom/domain/imaging/losses.h"
#include "fathom/domain/imaging/walk.h"
#include "fathom/solve/fixed_point.h"

namespace fathom::imaging {

Tensor training_answer(const TrainConfig& train, const DeblurModel& model, const Blur& blur, const Tensor& y) {
  if (!model.options().implicit()) return model.forward(blur, y);
  if (train.gradient == "hook")
    return hook_answer(model, blur, y, {.iterations = train.iterations, .steps = train.adjoint_steps});
  // The solve on packed weights; the recorded one starts where it ended, so that it is an evaluation or two.
  const solve::Stop stop{.rtol = train.rtol, .max_iter = train.iterations, .patience = train.iterations};
  const Tensor x = solve::fixed_point(fast_map(model, blur, y), model.start(y), train.solver, stop).y.only();
  const solve::Stop here{.rtol = train.rtol, .max_iter = 1};
  const diff::Gradient gradient =
      train.gradient == "phantom" ? diff::Gradient(train.phantom) : diff::Gradient(train.adjoint);
  return diff::equilibrium(model.map(blur, y), x, solve::Picard{}, gradient, here).y.only();
}

}  // namespace fathom::imaging
