#include "fathom/solve/evaluation.h"

#include <utility>

#include <fmt/ostream.h>

#include "fathom/base/error.h"

namespace fathom::solve {

Evaluation::Evaluation(const Map& map, State like, bool selective)
    : map_(map), like_(std::move(like)), selective_(selective), products_(like_.batch(), 0) {}

Tensor Evaluation::operator()(const State& y, const Rows& rows) {
  // A state of several parts is several views of one buffer: they share its version.
  const Tensor& argument = y[0];
  const bool counts_writes = !argument.is_inference();
  const std::uint32_t version = counts_writes ? argument._version() : 0;
  const State g = map_(y, rows);
  if (counts_writes && argument._version() != version) {
    base::fail("solve::fixed_point", "G wrote into its argument; return a new tensor (tanh, not tanh_, of y)");
  }
  check(y, g);
  ++calls_;
  rows_evaluated_ += y.batch();
  return g.flat().contiguous();
}

tensor::Linearization Evaluation::linearize(const State& y, const Rows& rows) {
  ++calls_;
  rows_evaluated_ += y.batch();
  return {map_, y, rows};
}

void Evaluation::check(const State& y, const State& g) const {
  if (!g.defined()) base::fail("solve::fixed_point", "G returned no tensor");
  const Tensor& of_y = y[0];
  const Tensor& of_g = g[0];
  if (!g.same_layout(y) || g.batch() != y.batch()) {
    base::fail("solve::fixed_point",
               "G returned shape {} for a state of shape {}; a fixed point needs G(y) shaped like y",
               fmt::streamed(of_g.sizes()), fmt::streamed(of_y.sizes()));
  }
  if (of_g.scalar_type() != of_y.scalar_type() || of_g.device() != of_y.device()) {
    base::fail("solve::fixed_point", "G returned {} on {} for a state of {} on {}; convert one of them",
               c10::toString(of_g.scalar_type()), of_g.device().str(), c10::toString(of_y.scalar_type()),
               of_y.device().str());
  }
}

}  // namespace fathom::solve
