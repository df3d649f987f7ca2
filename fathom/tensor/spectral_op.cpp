#include "fathom/tensor/spectral_op.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/fft_irfft2.h>
#include <ATen/ops/fft_rfft2.h>
#include <ATen/ops/full.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/huge_pages.h"
#include "fathom/kernel/spectral.h"

namespace fathom::tensor {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kPlace = "tensor::spectral_conv2d";

// Sums take time in proportion to the modes, transforms do not. Measured (bench/spectral_bench.cpp) from 64 x 64 to
// 1024 x 1024: up to 128 modes sums win but at 512 x 512 with 128, by 1.1 to 10 times; with 256 they lose by 2.5.
constexpr std::int64_t kMostModes = 128;

// The two blocks of kept rows of a half spectrum.
Tensor upper(const Tensor& spectrum, const Tensor& w1) {
  return spectrum.narrow(2, 0, w1.size(2)).narrow(3, 0, w1.size(3));
}
Tensor lower(const Tensor& spectrum, const Tensor& w2) {
  return spectrum.narrow(2, spectrum.size(2) - w2.size(2), w2.size(2)).narrow(3, 0, w2.size(3));
}

Tensor mixed(const Tensor& modes, const Tensor& w) { return at::einsum("bixy,ioxy->boxy", {modes, w}); }

// dW = sum_n conj(X) G w / (H W): w = 1 for columns that are their own mirror images, else 2.
Tensor weight_gradient_fft(const Tensor& x_modes, const Tensor& g_modes, std::int64_t height, std::int64_t width) {
  const double once = 1.0 / static_cast<double>(height * width);
  const Tensor weight = at::full({x_modes.size(3)}, 2 * once, x_modes.options());
  weight.narrow(0, 0, 1).fill_(once);
  if (2 * (x_modes.size(3) - 1) == width) weight.narrow(0, x_modes.size(3) - 1, 1).fill_(once);
  return at::einsum("bixy,boxy->ioxy", {x_modes.conj(), g_modes}).mul(weight);
}

bool has_kernel(const Tensor& x, const Tensor& w1) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble) && x.numel() > 0 &&
         2 * w1.size(2) <= x.size(2) && std::max(w1.size(2), w1.size(3)) <= kMostModes;
}

kernel::SpectralShape shape_of(const Tensor& x, const Tensor& w1) {
  return {w1.size(0), w1.size(1), x.size(2), x.size(3), w1.size(2), w1.size(3)};
}

Tensor real_parts(const Tensor& w) { return at::view_as_real(w.resolve_conj().contiguous()); }

// Fields of a batch are often fresh pages, which cost more than the convolution when they are small ones.
Tensor empty_fields(at::IntArrayRef shape, const Tensor& like) {
  const Tensor fields = at::empty(shape, like.options());
  kernel::prefer_huge_pages(fields.data_ptr(), fields.nbytes());
  return fields;
}

// A packed convolution on its way from forward to backward.
template <class T>
struct Packed : torch::CustomClassHolder {
  Packed(const Tensor& x, const Tensor& w1, const Tensor& w2)
      : conv(shape_of(x, w1), real_parts(w1).template data_ptr<T>(), real_parts(w2).template data_ptr<T>()) {}
  kernel::SpectralConv<T> conv;
};

template <class T>
struct Applied {
  c10::intrusive_ptr<Packed<T>> packed;
  Tensor y, modes;  // modes: undefined unless asked for
};

// x is contiguous.
template <class T>
Applied<T> apply(const Tensor& x, const Tensor& w1, const Tensor& w2, bool keep_modes) {
  Applied<T> out{
      c10::make_intrusive<Packed<T>>(x, w1, w2), empty_fields({x.size(0), w1.size(1), x.size(2), x.size(3)}, x), {}};
  const kernel::SpectralConv<T>& conv = out.packed->conv;
  if (keep_modes) out.modes = at::empty({x.size(0), conv.mode_count(w1.size(0))}, x.options());
  conv.forward(x.size(0), x.data_ptr<T>(), out.y.template data_ptr<T>(),
               keep_modes ? out.modes.template data_ptr<T>() : nullptr);
  return out;
}

template <class T>
variable_list kernel_backward(const kernel::SpectralConv<T>& conv, const Tensor& x, const Tensor& modes,
                              const Tensor& g, const Tensor& w1, bool of_x, bool of_w) {
  variable_list d(3);
  const std::int64_t n = g.size(0);
  Tensor g_modes;
  if (of_w) g_modes = at::empty({n, conv.mode_count(w1.size(1))}, g.options());
  if (of_x) {
    d[0] = empty_fields(x.sizes(), x);
    conv.vjp(n, g.data_ptr<T>(), d[0].template data_ptr<T>(), of_w ? g_modes.data_ptr<T>() : nullptr);
  } else {
    conv.analyse(n, w1.size(1), g.data_ptr<T>(), g_modes.data_ptr<T>());
  }
  if (!of_w) return d;
  d[1] = at::empty(w1.sizes(), w1.options());
  d[2] = at::empty(w1.sizes(), w1.options());
  conv.weight_gradient(n, modes.data_ptr<T>(), g_modes.data_ptr<T>(), at::view_as_real(d[1]).template data_ptr<T>(),
                       at::view_as_real(d[2]).template data_ptr<T>());
  return d;
}

Tensor conjugate_transpose(const Tensor& w) { return w.conj().transpose(0, 1); }

// backward by differentiable operations, for second derivatives.
variable_list differentiable_backward(const Tensor& x, const Tensor& w1, const Tensor& w2, const Tensor& g, bool of_w) {
  variable_list d{spectral_conv2d(g, conjugate_transpose(w1), conjugate_transpose(w2)), {}, {}};
  if (!of_w) return d;
  const Tensor X = at::fft_rfft2(x), G = at::fft_rfft2(g);
  d[1] = weight_gradient_fft(upper(X, w1), upper(G, w1), x.size(2), x.size(3));
  d[2] = weight_gradient_fft(lower(X, w2), lower(G, w2), x.size(2), x.size(3));
  return d;
}

template <class T>
struct SpectralFunction : torch::autograd::Function<SpectralFunction<T>> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& w1, const Tensor& w2) {
    Applied<T> out = apply<T>(x, w1, w2, w1.requires_grad() || w2.requires_grad());
    context->saved_data["packed"] = at::IValue::make_capsule(out.packed);
    context->save_for_backward({x, w1, w2, out.modes});
    return out.y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradient) {
    const variable_list saved = context->get_saved_variables();
    const bool of_x = context->needs_input_grad(0);
    const bool of_w = context->needs_input_grad(1) || context->needs_input_grad(2);
    variable_list d;
    if (at::GradMode::is_enabled()) {
      d = differentiable_backward(saved[0], saved[1], saved[2], gradient[0], of_w);
    } else {
      const auto packed = context->saved_data["packed"].toCapsule();
      d = kernel_backward(static_cast<const Packed<T>&>(*packed).conv, saved[0], saved[3], gradient[0].contiguous(),
                          saved[1], of_x, of_w);
    }
    for (std::size_t i = 0; i < d.size(); ++i) {
      if (!context->needs_input_grad(i)) d[i] = Tensor();
    }
    return d;
  }
};

template <class T>
Tensor dispatch(const Tensor& x, const Tensor& w1, const Tensor& w2) {
  const bool graph = at::GradMode::is_enabled() && (x.requires_grad() || w1.requires_grad() || w2.requires_grad());
  return graph ? SpectralFunction<T>::apply(x, w1, w2) : apply<T>(x, w1, w2, false).y;
}

std::string shape_text(const Tensor& x) {
  return x.defined() ? fmt::format("({})", fmt::join(x.sizes(), ", ")) : "undefined";
}

void require_weight(const char* name, const Tensor& w, const Tensor& x) {
  if (!w.defined() || w.dim() != 4 || w.size(0) != x.size(1)) {
    base::fail(kPlace, "{}'s shape = {} violates == ({}, out, m1, m2); one matrix a mode", name, shape_text(w),
               x.size(1));
  }
  if (w.scalar_type() != c10::toComplexType(x.scalar_type()) || w.device() != x.device()) {
    base::fail(kPlace, "{}'s type = {} {} violates == {} {}; weights are complex numbers of x's precision", name,
               c10::toString(w.scalar_type()), w.device().str(), c10::toString(c10::toComplexType(x.scalar_type())),
               x.device().str());
  }
}

void require_arguments(const Tensor& x, const Tensor& w1, const Tensor& w2) {
  if (!x.defined() || x.dim() != 4) {
    base::fail(kPlace, "x's shape = {} violates == (N, in, H, W); fields of several channels", shape_text(x));
  }
  base::require(c10::isFloatingType(x.scalar_type()) && x.scalar_type() != at::kBFloat16, kPlace, "x's type",
                c10::toString(x.scalar_type()), "floating, with a complex type", "convert it with to()");
  require_weight("W1", w1, x);
  require_weight("W2", w2, x);
  if (w1.sizes() != w2.sizes()) {
    base::fail(kPlace, "W2's shape = {} violates == {}; W1 and W2 keep as many modes", shape_text(w2), shape_text(w1));
  }
  base::require(w1.size(2) >= 1 && w1.size(2) <= x.size(2), kPlace, "m1", w1.size(2),
                fmt::format("1 <= m1 <= H = {}", x.size(2)), "keep fewer modes");
  base::require(w1.size(3) >= 1 && w1.size(3) <= x.size(3) / 2 + 1, kPlace, "m2", w1.size(3),
                fmt::format("1 <= m2 <= W/2 + 1 = {}", x.size(3) / 2 + 1), "keep fewer modes");
}

}  // namespace

Tensor spectral_conv2d_fft(const Tensor& x, const Tensor& w1, const Tensor& w2) {
  require_arguments(x, w1, w2);
  const Tensor X = at::fft_rfft2(x);
  const std::int64_t height = x.size(2), columns = X.size(3), m1 = w1.size(2), m2 = w1.size(3);
  const Tensor top = mixed(upper(X, w1), w1).narrow(2, 0, std::min(m1, height - m1));
  const Tensor bottom = mixed(lower(X, w2), w2);
  const Tensor middle = at::zeros({x.size(0), w1.size(1), std::max<std::int64_t>(0, height - 2 * m1), m2}, X.options());
  const Tensor kept = at::cat({top, middle, bottom}, 2);
  const Tensor beyond = at::zeros({x.size(0), w1.size(1), height, columns - m2}, X.options());
  return at::fft_irfft2(at::cat({kept, beyond}, 3), at::IntArrayRef({height, x.size(3)}));
}

Tensor spectral_conv2d(const Tensor& x, const Tensor& w1, const Tensor& w2) {
  require_arguments(x, w1, w2);
  if (!has_kernel(x, w1)) return spectral_conv2d_fft(x, w1, w2);
  const Tensor fields = x.contiguous();
  return x.scalar_type() == at::kFloat ? dispatch<float>(fields, w1, w2) : dispatch<double>(fields, w1, w2);
}

}  // namespace fathom::tensor
