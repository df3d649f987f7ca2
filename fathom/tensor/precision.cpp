#include "fathom/tensor/precision.h"

#include <limits>
#include <vector>

#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include "fathom/base/error.h"

namespace fathom::tensor {

namespace {

// Autocast of one device to one precision while it lives. libtorch keeps casts of weights until the outermost scope
// ends: they must not outlive a change of the weights.
class Autocast {
 public:
  Autocast(c10::DeviceType device, at::ScalarType precision)
      : device_(device), was_enabled_(enabled()), was_precision_(current()) {
    set(true, precision);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    set(was_enabled_, was_precision_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  bool enabled() const { return at::autocast::is_autocast_enabled(device_); }
  at::ScalarType current() const { return at::autocast::get_autocast_dtype(device_); }
  void set(bool on, at::ScalarType precision) const {
    at::autocast::set_autocast_enabled(device_, on);
    at::autocast::set_autocast_dtype(device_, precision);
  }
#else
  bool on_cpu() const { return device_ == c10::kCPU; }
  bool enabled() const { return on_cpu() ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled(); }
  at::ScalarType current() const {
    return on_cpu() ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype();
  }
  void set(bool on, at::ScalarType precision) const {
    if (on_cpu()) {
      at::autocast::set_cpu_enabled(on);
      at::autocast::set_autocast_cpu_dtype(precision);
    } else {
      at::autocast::set_enabled(on);
      at::autocast::set_autocast_gpu_dtype(precision);
    }
  }
#endif

  c10::DeviceType device_;
  bool was_enabled_;
  at::ScalarType was_precision_;
};

State cast(const State& y, at::ScalarType type) {
  std::vector<Tensor> parts;
  for (const Tensor& part : y.parts()) parts.push_back(part.to(type));
  return parts;
}

State evaluate(const Map& map, at::ScalarType precision, const State& y, const Rows& rows) {
  const at::ScalarType wide = y[0].scalar_type();
  if (precision == at::kFloat) return cast(map(cast(y, precision), rows), wide);
  const c10::DeviceType device = y[0].device().type();
  if (precision == at::kHalf && device == c10::kCPU) {
    base::fail("tensor::in_precision",
               "precision = Half violates BFloat16 on the CPU; libtorch multiplies there in no other");
  }
  const Autocast autocast(device, precision);
  return cast(map(cast(y, precision), rows), wide);
}

}  // namespace

Map in_precision(const Map& map, at::ScalarType precision) {
  if (precision != at::kFloat && precision != at::kBFloat16 && precision != at::kHalf) {
    base::fail("tensor::in_precision", "precision = {} violates Float|BFloat16|Half; choose one of these",
               c10::toString(precision));
  }
  Map low([map, precision](const State& y, const Rows& rows) { return evaluate(map, precision, y, rows); });
  if (!map.compactable()) low.never_compact();
  return low.evaluated_in(precision);
}

double epsilon_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return std::numeric_limits<double>::epsilon();
    case at::kFloat:
      return std::numeric_limits<float>::epsilon();
    case at::kHalf:
      return 0x1p-10;
    default:
      return 0x1p-7;  // bfloat16
  }
}

}  // namespace fathom::tensor
