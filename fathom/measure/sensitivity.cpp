#include "fathom/measure/sensitivity.h"

#include "fathom/base/error.h"

namespace fathom::measure {

Spectral input_gain(const Joint& G, const State& y, const State& x, const SpectralOptions& options) {
  const State at = y.detach();
  return sigma_max(tensor::Linearization::of([&](const State& input) { return G(at, input); }, x), options);
}

Spectral sensitivity(const Joint& G, const State& y0, const State& x, std::int64_t t, const SpectralOptions& options) {
  base::require(t >= 1, "measure::sensitivity", "t", t, ">= 1", "y_0 does not depend on x");
  const auto iterate = [&](const State& input) {
    State y = y0.detach();
    for (std::int64_t step = 0; step < t; ++step) y = G(y, input);
    return y;
  };
  return sigma_max(tensor::Linearization::of(iterate, x), options);
}

}  // namespace fathom::measure
