#include "fathom/solve/method.h"

#include <type_traits>

#include "fathom/solve/anderson.h"
#include "fathom/solve/broyden.h"
#include "fathom/solve/escalate.h"
#include "fathom/solve/newton_krylov.h"
#include "fathom/solve/picard.h"
#include "fathom/solve/reversible.h"

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
  const auto make = [&](const auto& options) -> std::unique_ptr<Method> {
    using Options = std::decay_t<decltype(options)>;
    if constexpr (std::is_same_v<Options, Picard>) return make_picard(options, layout, arithmetic);
    if constexpr (std::is_same_v<Options, Anderson>) return make_anderson(options, layout, arithmetic);
    if constexpr (std::is_same_v<Options, Broyden>) return make_broyden(options, layout);
    if constexpr (std::is_same_v<Options, NewtonKrylov>) return make_newton_krylov(options, layout);
    if constexpr (std::is_same_v<Options, Escalate>) return make_escalate(options, layout, arithmetic);
    if constexpr (std::is_same_v<Options, Reversible>) return make_reversible(options, layout);
  };
  return std::visit(make, solver);
}

}  // namespace fathom::solve
