#include "fathom/solve/evaluation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/empty.h>

#include <fmt/ostream.h>

#include "fathom/base/error.h"
#include "fathom/tensor/precision.h"
#include "fathom/tensor/sole_owner.h"

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

void Evaluation::fit(Buffer& buffer, std::int64_t rows) const {
  if (buffer.flat.defined() && buffer.flat.size(0) == rows) return;
  buffer.flat = at::empty({rows, like_.width()}, like_[0].options());
  buffer.state = like_.with_flat(buffer.flat);
}

template <class T>
void Evaluation::evaluate_packed(const tensor::PackedMap<T>& cell, const Tensor& y, const Rows& rows, const Tensor& g) {
  const std::int64_t* samples = rows.all() ? every_sample_.data() : rows.index().data_ptr<std::int64_t>();
  cell.evaluate({samples, static_cast<std::size_t>(y.size(0))}, y.data_ptr<T>(), g.data_ptr<T>());
  ++calls_;
  rows_evaluated_ += y.size(0);
}

// G into the buffer, if the map is packed for this state.
bool Evaluation::packed(const State& y, const Rows& rows, Buffer& to) {
  if (!packed_float_ && !packed_double_) return false;
  fit(to, y.batch());
  if (packed_float_) evaluate_packed(*map_.packed<float>(), y[0], rows, to.flat);
  if (packed_double_) evaluate_packed(*map_.packed<double>(), y[0], rows, to.flat);
  return true;
}

double Evaluation::epsilon() const {
  const double of_state = tensor::epsilon_of(like_[0].scalar_type());
  const at::ScalarType precision = map_.precision();
  return precision == at::ScalarType::Undefined ? of_state : std::max(of_state, tensor::epsilon_of(precision));
}

Tensor Evaluation::operator()(const State& y, const Rows& rows) {
  if (packed_float_ || packed_double_) {
    Buffer& buffer = next_buffer();
    packed(y, rows, buffer);
    image_ = buffer.state;
    return buffer.flat;
  }
  State g = generic(y, rows);
  const bool joined = g.parts().size() > 1, ours = joined || tensor::sole_owner(g[0]);
  Tensor flat = g.flat();
  if (!flat.is_contiguous()) {
    image_ = {};
    return flat.contiguous();
  }
  if (ours) {
    image_ = joined ? State() : std::move(g);
    return flat;
  }
  Buffer& buffer = next_buffer();
  fit(buffer, y.batch());
  buffer.flat.copy_(flat);
  image_ = buffer.state;
  return buffer.flat;
}

Tensor Evaluation::aside(const State& y, const Rows& rows) {
  return packed(y, rows, aside_) ? aside_.flat : generic(y, rows).flat();
}

State Evaluation::generic(const State& y, const Rows& rows) {
  // A state of several parts is several views of one buffer: they share its version.
  const Tensor& argument = y[0];
  const bool counts_writes = !argument.is_inference();
  const std::uint32_t version = counts_writes ? argument._version() : 0;
  State g = map_(y, rows);
  if (counts_writes && argument._version() != version) {
    base::fail("solve::fixed_point", "G wrote into its argument; return a new tensor (tanh, not tanh_, of y)");
  }
  check(y, g);
  ++calls_;
  rows_evaluated_ += y.batch();
  return g;
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
