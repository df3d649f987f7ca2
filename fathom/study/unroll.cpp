#include "fathom/study/unroll.h"

#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/measure/metrics.h"
#include "fathom/measure/summary.h"

namespace fathom::study {

void add_point(base::Curve& curve, double t, const std::vector<double>& values) {
  const measure::Summary summary = measure::summarize(values);
  curve.t.push_back(t);
  curve.mean.push_back(summary.mean);
  curve.std.push_back(summary.std);
  curve.max.push_back(summary.max);
}

Probe relative_residual() {
  return {"residual", "all",
          [](std::int64_t, const State& y, const State& next) { return measure::rel_l2(y.flat(), next.flat()); }};
}

std::vector<base::Curve> unroll(const Map& map, const State& y0, std::int64_t iterations, const std::string& model,
                                const std::vector<Probe>& probes) {
  if (iterations < 0)
    base::fail("study::unroll", "iterations = {} violates >= 0; ask for at least the start", iterations);
  at::NoGradGuard no_grad;
  std::vector<base::Curve> curves;
  for (const Probe& probe : probes) curves.push_back({model, probe.quantity, probe.group, {}, {}, {}, {}});
  State y = y0;
  for (std::int64_t t = 0; t <= iterations; ++t) {
    const State next = map(y);
    for (std::size_t i = 0; i < probes.size(); ++i)
      add_point(curves[i], static_cast<double>(t), probes[i].measure(t, y, next));
    y = next;
  }
  return curves;
}

}  // namespace fathom::study
