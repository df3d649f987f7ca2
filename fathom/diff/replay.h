// A map whose steps are computed again in the backward pass instead of being kept.
//
//   Replay replay(G, y0);                       // forward: each step without a graph, the captures learnt from two
//   y1 = replay.step(y0.flat()); ...
//   const Taped taped = replay.tape(y);         // backward: one step with a graph, cut off from all others
//   [J'u, u' dG/dcapture...] = taped.pull(u);
//
// What G captured is known by the edges where two recordings meet (tape.h): whatever requires grad and was there before
// G ran, leaf or not, with no registration. G must be a function of its argument and of the same captured tensors at
// every call; and because it is called in the backward pass, whatever it holds by reference must live until then.
#pragma once

#include <functional>
#include <vector>

#include <torch/csrc/autograd/function.h>

#include "fathom/diff/tape.h"
#include "fathom/tensor/map.h"
#include "fathom/tensor/node.h"

namespace fathom::diff {

// One recorded step.
struct Taped {
  Tensor value;    // G(y), detached
  Tensor g;        // the same with its graph
  EdgeList inner;  // y, then the captures

  // <G(y), u> differentiated along `inner`; undefined where nothing arrives.
  Tensors pull(const Tensor& u) const { return gradients({g}, {u}, inner, false); }
};

class Replay {
 public:
  Replay(Map map, State layout);

  // G(y) for y (B, D) without a graph; the first two calls in grad mode are recorded to learn the captures.
  Tensor step(const Tensor& y);
  Tensor again(const Tensor& y) const;  // the same in the backward pass
  // After two steps. The captures' places in the graph outside.
  const EdgeList& captures() const { return captures_; }

  Taped tape(const Tensor& y) const;
  // `program` of several steps recorded from a leaf, cut at the captures: for derivatives of higher order.
  using Program = std::function<Tensor(const Tensor& leaf, const std::function<Tensor(const Tensor&)>& G)>;
  struct Recording {
    Tensor value;
    Boundary boundary;  // inner[0] is the leaf, outer[0] is empty
  };
  Recording record(const Tensor& y, const Program& program) const;

  const State& layout() const { return layout_; }

 private:
  Tensor call(const Tensor& y) const;

  Map map_;
  State layout_;
  Tensors learnt_, leaves_;  // the recordings before two of them are there
  EdgeList captures_;
  bool known_ = false, private_leaves_ = false;
};

// A node of the graph that stands for a run of steps from y0 and computes them again in its backward pass.
class Replayed : public torch::autograd::Node {
 public:
  Replayed(Replay replay, const Tensor& y0);

  // y (B, D), without a graph so far, with this node as its graph.
  static Tensor attach(const Tensor& y, const tensor::NodePtr<Replayed>& node);
  void release_variables() override;

 protected:
  // [dL/dy0, dL/dcapture...] for v = dL/dy; undefined where zero.
  virtual Tensors pull_back(const Tensor& v) = 0;
  // The same run from a leaf, recorded whole.
  virtual Replay::Program program() const = 0;
  virtual void release() = 0;

  const Replay& replay() const { return replay_; }
  const Tensor& start() const { return y0_; }  // (B, D), detached

 private:
  torch::autograd::variable_list apply(torch::autograd::variable_list&& cotangents) override;
  torch::autograd::variable_list differentiable(const Tensor& v);

  Replay replay_;
  Tensor y0_;
};

// sum += term, entry by entry; undefined is zero.
void accumulate(Tensors& sum, const Tensors& terms);

}  // namespace fathom::diff
