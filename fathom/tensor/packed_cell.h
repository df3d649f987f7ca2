// A map y -> G(y, x) on plain memory: weights packed once, the input x of every sample bound in, no tensor operation
// and no allocation per evaluation. A Map carries one beside its callable (Map::packed_as); both are the same function.
//
// Solves without gradients evaluate the packed map; recording for gradients uses the callable. Rows are independent:
// row i of a result is computed from row i and its sample alone, in an order that does not depend on the other rows, so
// that a row has the same bits in every batch. Weights are those at the time of packing.
//
// Shapes   y, g, u, w: (n, D) contiguous, n = samples.size(); row i belongs to sample samples[i] < B.
// Threads  all members may be called from several threads at once.
// Errors   none after construction.
#pragma once

#include <cstdint>
#include <span>

namespace fathom::tensor {

template <class T>  // float or double
class PackedMap {
 public:
  virtual ~PackedMap() = default;

  virtual std::int64_t samples() const = 0;  // B
  virtual std::int64_t width() const = 0;    // D

  // g(i,:) = G(y(i,:), x of samples[i]). g does not overlap y.
  virtual void evaluate(std::span<const std::int64_t> samples, const T* y, T* g) const = 0;

  virtual double flops() const = 0;  // multiplications and additions of one row of evaluate
};

// A packed map with its own derivative, so that adjoints need no graph.
template <class T>
class PackedCell : public PackedMap<T> {
 public:
  // w(i,:) = u(i,:) dG/dy at y(i,:), where g(i,:) is G there. w may be u.
  virtual void vjp(std::span<const std::int64_t> samples, const T* y, const T* g, const T* u, T* w) const = 0;
};

}  // namespace fathom::tensor
