// The two primitives that gradients, Newton steps and diagnostics are made of: v'J and J v of a map at a point.
#pragma once

#include <functional>
#include <vector>

#include "fathom/tensor/map.h"
#include "fathom/tensor/state.h"
#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

// sum_i <outputs_i, cotangents_i> differentiated with respect to `inputs`. An input that the outputs do not depend on
// gets zeros. `create_graph` makes the result differentiable itself; `retain_graph` keeps the graph for another call.
std::vector<Tensor> vjp(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                        const std::vector<Tensor>& cotangents, bool retain_graph = false, bool create_graph = false);

// G taped once at y, to be applied many times: u -> u' dG/dy, v -> dG/dy v. Cost: one G with graph to build; about two
// (vjp) or four (jvp, by differentiating the vjp) evaluations of G per application. Memory: one taped G.
class Linearization {
 public:
  Linearization(const Map& map, const State& y, const Rows& rows = {});
  // The same of a function between different spaces, x (B, D) -> f(x) (B, E): vjp takes (B, E), jvp gives it.
  static Linearization of(const std::function<State(const State&)>& f, const State& x);

  const State& value() const { return value_; }  // G(y), detached
  const State& point() const { return y_; }      // where it was taken
  Tensor vjp(const Tensor& cotangent) const;     // (B, D) -> (B, D), detached
  Tensor jvp(const Tensor& tangent) const;       // (B, D) -> (B, D), detached

 private:
  Linearization() = default;
  void tape(const std::function<State(const State&)>& f, const State& y);

  State y_, taped_, value_;
  Tensor y_flat_, g_flat_;
  mutable Tensor dual_, dual_vjp_;  // built on the first jvp
};

}  // namespace fathom::tensor
