#include "fathom/solve/evaluation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/empty.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"
#include "fathom/tensor/precision.h"

namespace fathom::solve {

Evaluation::Evaluation(const Map& map, State like, bool selective)
    : map_(map),
      like_(std::move(like)),
      selective_(selective),
      packed_float_(uses_packed<float>()),
      packed_double_(uses_packed<double>()),
      products_(like_.batch(), 0) {
  if (!packed_float_ && !packed_double_) return;
  every_sample_.resize(static_cast<std::size_t>(like_.batch()));
  std::iota(every_sample_.begin(), every_sample_.end(), 0);
}

template <class T>
bool Evaluation::uses_packed() const {
  const tensor::PackedMap<T>* cell = map_.packed<T>();
  const Tensor& part = like_[0];
  if (cell == nullptr || like_.parts().size() != 1 || !part.is_cpu() ||
      part.scalar_type() != c10::CppTypeToScalarType<T>::value) {
    return false;
  }
  if (cell->samples() != like_.batch() || cell->width() != like_.width()) {
    base::fail("solve::fixed_point", "the map is packed for {} samples of {} numbers, the state has {} of {}",
               cell->samples(), cell->width(), like_.batch(), like_.width());
  }
  return true;
}

template <class T>
const Tensor& Evaluation::packed(const tensor::PackedMap<T>& cell, const Tensor& y, const Rows& rows) {
  const std::int64_t count = y.size(0);
  Tensor& g = buffers_[calls_ % 2];
  if (!g.defined() || g.size(0) != count) g = at::empty({count, cell.width()}, like_[0].options());
  const std::int64_t* samples = rows.all() ? every_sample_.data() : rows.index().data_ptr<std::int64_t>();
  cell.evaluate({samples, static_cast<std::size_t>(count)}, y.data_ptr<T>(), g.data_ptr<T>());
  ++calls_;
  rows_evaluated_ += count;
  return g;
}

double Evaluation::epsilon() const {
  const double of_state = tensor::epsilon_of(like_[0].scalar_type());
  const at::ScalarType precision = map_.precision();
  return precision == at::ScalarType::Undefined ? of_state : std::max(of_state, tensor::epsilon_of(precision));
}

Tensor Evaluation::operator()(const State& y, const Rows& rows) {
  if (packed_float_) return packed(*map_.packed<float>(), y[0], rows);
  if (packed_double_) return packed(*map_.packed<double>(), y[0], rows);
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
