#include "fathom/solve/method.h"

#include "fathom/solve/anderson.h"
#include "fathom/solve/picard.h"

namespace fathom::solve {

Layout::Layout(const State& state)
    : batch(state.batch()), part_start{0}, options(state[0].options().requires_grad(false)) {
  for (const std::int64_t width : state.widths()) part_start.push_back(part_start.back() + width);
}

bool has_kernels(const Layout& layout, Arithmetic arithmetic) {
  const auto type = layout.options.dtype().toScalarType();
  return arithmetic == Arithmetic::automatic && layout.options.device().is_cpu() &&
         (type == at::kFloat || type == at::kDouble);
}

std::unique_ptr<Method> make_method(const Solver& solver, const Layout& layout, Arithmetic arithmetic) {
  if (const auto* picard = std::get_if<Picard>(&solver)) return make_picard(*picard, layout, arithmetic);
  return make_anderson(std::get<Anderson>(solver), layout, arithmetic);
}

}  // namespace fathom::solve
