// The work of Anderson acceleration that is proportional to the state; anderson.cpp decides, this
// computes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fathom/kernel/anderson.h"
#include "fathom/solve/method.h"

namespace fathom::solve {

class AndersonVectors {
 public:
  virtual ~AndersonVectors() = default;

  virtual void start_iteration() {}

  // kernel::anderson_measure: squares, newest columns, their products. `columns` [row] counts those
  // in use.
  virtual void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g, const kernel::Ring& ring,
                       const std::vector<std::int64_t>& columns, std::vector<Squares>& squares,
                       std::vector<kernel::AndersonProducts>& products) = 0;

  // kernel::anderson_mix: keeps the best and takes the mixed step with weights [row * depth + age], or rolls back.
  virtual void mix(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g, const kernel::Ring& ring,
                   const std::vector<double>& weights, const Tensor& next, const Tensor& best) = 0;

  virtual Next next() const { return Next::over_y; }

  // Nothing of the row's past may reach its next steps.
  virtual void restart(const LiveRow& live) {}
  virtual void gather(const Tensor& slots) {}
  virtual std::int64_t rows_at_a_time() const { return kAllRows; }
};

std::unique_ptr<AndersonVectors> make_anderson_vectors(const Anderson& options, const Layout& layout,
                                                       Arithmetic arithmetic);

}  // namespace fathom::solve
