#include "fathom/solve/picard.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>

#include "fathom/solve/row_tensors.h"

namespace fathom::solve {

namespace {

template <class T>
class PicardKernels final : public Method {
 public:
  PicardKernels(const Picard& options, const Layout& layout)
      : layout_(layout), damping_(static_cast<T>(options.damping)), best_is_previous_(layout.batch, 0) {}

  Next next() const override { return Next::over_g; }

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    kernel::residual_squares<T>(rows, layout_.part_start, y.data_ptr<T>(), g.data_ptr<T>(), squares.data());
  }

  void advance(std::span<LiveRow> rows, const std::vector<double>&, const Tensor& g, const Tensor& y,
               const Tensor& next, const Tensor& best) override {
    const T* y_prev = y_prev_.defined() ? y_prev_.data_ptr<T>() : nullptr;
    kernel::damped_step<T>(rows, layout_.width(), y_prev, y.data_ptr<T>(), g.data_ptr<T>(), damping_,
                           next.data_ptr<T>(), best.data_ptr<T>(), best_is_previous_.data());
    y_prev_ = y;
  }

  void restart(const LiveRow& live) override { best_is_previous_[live.row] = 0; }

  void gather(const Tensor& slots) override {
    if (y_prev_.defined()) y_prev_ = y_prev_.index_select(0, slots);
  }

 private:
  Layout layout_;
  T damping_;
  Tensor y_prev_;                               // (slots, D)
  std::vector<std::uint8_t> best_is_previous_;  // [row], see damped_step
};

class PicardTensors final : public Method {
 public:
  PicardTensors(const Picard& options, const Layout& layout) : layout_(layout), damping_(options.damping) {}

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    write_squares(rows, layout_, g - y, g, squares);
  }

  void advance(std::span<LiveRow> rows, const std::vector<double>&, const Tensor& g, const Tensor& y, const Tensor&,
               const Tensor& best) override {
    copy_improved(rows, y, best);
    copy_running(rows, damping_ == 1 ? g : y + damping_ * (g - y), y);
  }

 private:
  Layout layout_;
  double damping_;
};

}  // namespace

std::unique_ptr<Method> make_picard(const Picard& options, const Layout& layout, Arithmetic arithmetic) {
  if (!has_kernels(layout, arithmetic)) return std::make_unique<PicardTensors>(options, layout);
  if (layout.options.dtype() == at::kFloat) return std::make_unique<PicardKernels<float>>(options, layout);
  return std::make_unique<PicardKernels<double>>(options, layout);
}

}  // namespace fathom::solve
