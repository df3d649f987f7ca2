// A dense cell with packed weights, forward and adjoint, for rows that belong to samples of a batch:
//   g(i,:) = act( y(i,:) W' + c(s_i,:) )         W (outputs, inputs), c (samples, outputs), s_i = the sample of row i
//   w(i,:) = ( u(i,:) * act'(...) ) W
// W is packed once, in the order in which products read it, both ways; the activation is applied while the sums are in
// the first-level cache.
//
// All matrices are contiguous and row-major; pointers need the alignment of T only. T is float or double. Any width
// works. Fast from one row (bound by reading W: no copy of it is written) to many (bound by multiply-adds).
//
// Determinism: every sum is one chain of fused multiply-adds over the inputs in their order, from c on (on processors
// without them, of multiplications and additions), so a row has the same bits alone, in any batch and on any number of
// threads. They may differ in the last bits between instruction sets.
// Accuracy, u the unit roundoff: the argument of act is within (inputs + 2) u (sum |y W| + |c|) of the exact one; act
// as in activation.h.
#pragma once

#include <cstdint>

#include "fathom/kernel/activation.h"
#include "fathom/kernel/panels.h"

namespace fathom::kernel {

// `count` rows and what is added to each: c(sample[i], :).
template <class T>
struct DenseRows {
  std::int64_t count = 0;
  const T* c = nullptr;                  // (samples, outputs); null is 0
  const std::int64_t* sample = nullptr;  // [count]; null is 0, 1, 2 ...
};

template <class T>
class Dense {
 public:
  // Copies `weight` (outputs, inputs). Memory: twice that. Errors (fathom::Error): a width below 1.
  Dense(const T* weight, std::int64_t outputs, std::int64_t inputs, Activation act);

  std::int64_t inputs() const { return forward_.view().depth; }
  std::int64_t outputs() const { return forward_.view().width; }
  Activation activation() const { return act_; }

  // y (count, inputs) -> g (count, outputs); g does not overlap y. Cost: 2 count inputs outputs operations.
  void evaluate(const DenseRows<T>& rows, const T* y, T* g) const;

  // u (count, outputs) -> w (count, inputs) at y, where g = evaluate(y); w may be u. Reads g and neither y nor c where
  // slope_from_output(act); the other way round for other activations, at the cost of one more evaluation.
  void vjp(const DenseRows<T>& rows, const T* y, const T* g, const T* u, T* w) const;

 private:
  Panels<T> forward_, adjoint_;
  Activation act_;
};

}  // namespace fathom::kernel
