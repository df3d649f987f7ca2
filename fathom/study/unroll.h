// Test-time compute: a map evaluated at every number of iterations, with probes along the way.
//
//   auto curves = unroll(G, y0, T, "implicit", {{"error", "all", [&](auto t, const State& y, const State& next) { ...
//   }}});
//
// y_t = G(y_{t-1}) plainly, t = 0..T (Picard, so that t counts evaluations of the block). Each probe gives one number
// per sample at every t; the curve holds their mean, spread and maximum. Writes nothing, changes nothing.
// Cost: T+1 evaluations of G. Memory: two states.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/tensor/map.h"

namespace fathom::study {

struct Probe {
  std::string quantity;
  std::string group = "all";
  // One number per sample; `next` = G(y_t). NaN: no number for that sample.
  std::function<std::vector<double>(std::int64_t t, const State& y, const State& next)> measure;
};

// ||G(y_t) - y_t|| / ||G(y_t)|| per sample.
Probe relative_residual();

std::vector<base::Curve> unroll(const Map& map, const State& y0, std::int64_t iterations, const std::string& model,
                                const std::vector<Probe>& probes);

// Appends mean, spread (unbiased) and maximum of the finite numbers as the curve's point at t; NaN where there is none.
void add_point(base::Curve& curve, double t, const std::vector<double>& values);

}  // namespace fathom::study
