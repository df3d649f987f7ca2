#include "fathom/tensor/perceptron_op.h"

#include <cstdint>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/threshold_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/perceptron.h"

namespace fathom::tensor {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kPlace = "tensor::perceptron";

// The tensor arguments, contiguous; one that is not given is empty: b has shape (N, 0), c1 and c2 have shape (0).
struct Arguments {
  Tensor a, b, w1, c1, w2, c2;

  variable_list list() const { return {a, b, w1, c1, w2, c2}; }
  static Arguments of(const variable_list& x) { return {x[0], x[1], x[2], x[3], x[4], x[5]}; }
};

template <class T>
const T* data_or_null(const Tensor& x) {
  return x.numel() > 0 ? x.data_ptr<T>() : nullptr;
}

template <class T>
kernel::PerceptronInput<T> kernel_input(const Arguments& x) {
  return {x.a.size(0), x.a.data_ptr<T>(), x.a.size(1), data_or_null<T>(x.b), x.b.size(1)};
}

template <class T>
kernel::PerceptronWeights<T> kernel_weights(const Arguments& x, bool relu_out) {
  return {x.w1.size(0),          x.w2.size(0), x.w1.data_ptr<T>(), data_or_null<T>(x.c1), x.w2.data_ptr<T>(),
          data_or_null<T>(x.c2), relu_out};
}

template <class T>
void fill_output(const Arguments& x, bool relu_out, const Tensor& y) {
  kernel::perceptron_forward(kernel_input<T>(x), kernel_weights<T>(x, relu_out), y.data_ptr<T>());
}

Tensor kernel_forward(const Arguments& x, bool relu_out) {
  const Tensor y = at::empty({x.a.size(0), x.w2.size(0)}, x.a.options());
  y.scalar_type() == at::kFloat ? fill_output<float>(x, relu_out, y) : fill_output<double>(x, relu_out, y);
  return y;
}

template <class T>
T* gradient_data(const Tensor& gradient) {
  return gradient.defined() && gradient.numel() > 0 ? gradient.data_ptr<T>() : nullptr;
}

template <class T>
void fill_gradients(const Arguments& x, bool relu_out, const Tensor& dy, const variable_list& d) {
  kernel::perceptron_backward<T>(kernel_input<T>(x), kernel_weights<T>(x, relu_out), dy.data_ptr<T>(),
                                 {gradient_data<T>(d[0]), gradient_data<T>(d[1]), gradient_data<T>(d[2]),
                                  gradient_data<T>(d[3]), gradient_data<T>(d[4]), gradient_data<T>(d[5])});
}

variable_list kernel_backward(const Arguments& x, bool relu_out, const Tensor& dy, const std::vector<bool>& wanted) {
  const variable_list inputs = x.list();
  variable_list d(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (wanted[i]) d[i] = at::empty_like(inputs[i]);
  }
  if (dy.scalar_type() == at::kFloat) {
    fill_gradients<float>(x, relu_out, dy, d);
  } else {
    fill_gradients<double>(x, relu_out, dy, d);
  }
  return d;
}

Tensor layer(const Tensor& x, const Tensor& w, const Tensor& c) {
  return c.numel() > 0 ? at::linear(x, w, c) : at::linear(x, w);
}

Tensor joined(const Arguments& x) { return x.b.size(1) > 0 ? at::cat({x.a, x.b}, 1) : x.a; }

// The definition by tensor operations.
Tensor aten_forward(const Arguments& x, bool relu_out) {
  const Tensor y = layer(at::relu(layer(joined(x), x.w1, x.c1)), x.w2, x.c2);
  return relu_out ? at::relu(y) : y;
}

// backward by differentiable tensor operations, for second derivatives. Explicit formulas, not autograd of
// aten_forward: where b depends on a, that would count the path through b twice.
variable_list aten_backward(const Arguments& x, bool relu_out, const Tensor& dy) {
  const Tensor input = joined(x);
  const Tensor h = at::relu(layer(input, x.w1, x.c1));
  const Tensor g = relu_out ? at::threshold_backward(dy, layer(h, x.w2, x.c2), 0) : dy;
  const Tensor dh = at::threshold_backward(g.matmul(x.w2), h, 0);
  const Tensor dx = dh.matmul(x.w1);
  const std::int64_t da = x.a.size(1);
  return {
      dx.narrow(1, 0, da), dx.narrow(1, da, x.b.size(1)), dh.t().matmul(input), dh.sum(0), g.t().matmul(h), g.sum(0)};
}

struct PerceptronFunction : torch::autograd::Function<PerceptronFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& a, const Tensor& b, const Tensor& w1, const Tensor& c1,
                        const Tensor& w2, const Tensor& c2, bool relu_out) {
    context->saved_data["relu_out"] = relu_out;
    context->save_for_backward({a, b, w1, c1, w2, c2});
    return kernel_forward({a, b, w1, c1, w2, c2}, relu_out);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradient) {
    const Arguments x = Arguments::of(context->get_saved_variables());
    const bool relu_out = context->saved_data["relu_out"].toBool();
    std::vector<bool> wanted;
    for (std::size_t i = 0; i < x.list().size(); ++i) wanted.push_back(context->needs_input_grad(i));
    variable_list d = at::GradMode::is_enabled() ? aten_backward(x, relu_out, gradient[0])
                                                 : kernel_backward(x, relu_out, gradient[0].contiguous(), wanted);
    for (std::size_t i = 0; i < d.size(); ++i) {
      if (!wanted[i]) d[i] = Tensor();
    }
    d.emplace_back();
    return d;
  }
};

bool has_kernel(const Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

bool wants_graph(const Arguments& x) {
  if (!at::GradMode::is_enabled()) return false;
  for (const Tensor& tensor : x.list()) {
    if (tensor.requires_grad()) return true;
  }
  return false;
}

// Texts are made only when they are needed: this runs in every step of a solve.
void require_like(const char* name, const Tensor& x, const Tensor& like, at::IntArrayRef shape) {
  if (x.sizes() != shape) {
    base::fail(kPlace, "{}'s shape = ({}) violates == ({}); rows of a and b, layers of W1 and W2 must agree", name,
               fmt::join(x.sizes(), ", "), fmt::join(shape, ", "));
  }
  if (x.scalar_type() != like.scalar_type() || x.device() != like.device()) {
    base::fail(kPlace, "{}'s type = {} {} violates == {} {}; all arguments are of one type on one device", name,
               c10::toString(x.scalar_type()), x.device().str(), c10::toString(like.scalar_type()),
               like.device().str());
  }
}

void require_matrix(const char* name, const Tensor& x) {
  if (!x.defined()) base::fail(kPlace, "{} = undefined violates defined; only b, c1 and c2 may be left out", name);
  if (x.dim() != 2) base::fail(kPlace, "{}'s dimensions = {} violates == 2; it is a matrix", name, x.dim());
}

void require_arguments(const Arguments& x) {
  const std::int64_t hidden = x.w1.size(0);
  require_like("b", x.b, x.a, {x.a.size(0), x.b.size(1)});
  require_like("W1", x.w1, x.a, {hidden, x.a.size(1) + x.b.size(1)});
  require_like("W2", x.w2, x.a, {x.w2.size(0), hidden});
  require_like("c1", x.c1, x.a, {x.c1.numel() > 0 ? hidden : 0});
  require_like("c2", x.c2, x.a, {x.c2.numel() > 0 ? x.w2.size(0) : 0});
}

Arguments arguments(const Tensor& a, const Tensor& b, const Tensor& w1, const Tensor& c1, const Tensor& w2,
                    const Tensor& c2) {
  require_matrix("a", a);
  base::require(a.is_floating_point(), kPlace, "a's type", c10::toString(a.scalar_type()), "floating",
                "convert it with to()");
  require_matrix("W1", w1);
  require_matrix("W2", w2);
  if (b.defined()) require_matrix("b", b);
  const auto given = [&](const Tensor& x, std::vector<std::int64_t> empty) {
    return x.defined() ? x.contiguous() : at::empty(empty, a.options());
  };
  return {a.contiguous(), given(b, {a.size(0), 0}), w1.contiguous(), given(c1, {0}), w2.contiguous(), given(c2, {0})};
}

}  // namespace

Tensor perceptron(const Tensor& a, const Tensor& b, const Tensor& w1, const Tensor& c1, const Tensor& w2,
                  const Tensor& c2, bool relu_out) {
  const Arguments x = arguments(a, b, w1, c1, w2, c2);
  require_arguments(x);
  if (!has_kernel(x.a)) return aten_forward(x, relu_out);
  if (!wants_graph(x)) return kernel_forward(x, relu_out);
  return PerceptronFunction::apply(x.a, x.b, x.w1, x.c1, x.w2, x.c2, relu_out);
}

}  // namespace fathom::tensor
