// Activation functions and their gradients on contiguous numbers, for float and double, in place where wanted.
//
//   activate         y_i = act(x_i)
//   activation_vjp   w_i = u_i act'(x_i)
//
// relu(x) = max(x, 0); sigmoid(x) = 1 / (1 + e^-x); silu(x) = x sigmoid(x); gelu(x) = x Phi(x) with the exact normal
// distribution Phi; gelu_tanh(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).  [HendrycksGimpel2016]
// arXiv:1606.08415
//
// Accuracy with u the unit roundoff of T (2^-24, 2^-53), for all finite x (measured with and without fused
// multiply-add, tested):
//   tanh           10 u relative (float: 6 u); |tanh| <= 1, odd, x itself for tiny x
//   exp, sigmoid   3 u relative, plus half the least subnormal number
//   silu           4 u relative, plus max(1, |x|) times the least subnormal number
//   gelu(_tanh)    6 u |x|, plus the least subnormal number
//   act'(x)        for gelu, gelu_tanh, silu 8 u absolute; of tanh, sigmoid, exp 2 u absolute of the exact function of
//                  the y that is given (exp: 0); relu, identity exact
// Values at +-infinity are the limits (gelu and silu vanish at -infinity); NaN stays NaN. relu'(0) = 0.
//
// Cost: 10 to 40 vector operations for a vector of numbers; no tables. Elementwise, so neither the number of threads
// nor a number's place changes its bits; instruction sets without fused multiply-add differ in the last bits.
#pragma once

#include <cstdint>
#include <span>

namespace fathom::kernel {

enum class Activation { identity, relu, tanh, sigmoid, exp, gelu, gelu_tanh, silu };

// Whether act' is computed from y = act(x) alone; for the others it is computed from x.
constexpr bool slope_from_output(Activation act) {
  return act != Activation::gelu && act != Activation::gelu_tanh && act != Activation::silu;
}

// y has x's length and is x or does not overlap it.
template <class T>
void activate(Activation act, std::span<const T> x, T* y);

// `xy` holds y where slope_from_output(act), else x. u, xy and w have the same length; w may be u or xy.
template <class T>
void activation_vjp(Activation act, std::span<const T> u, const T* xy, T* w);

}  // namespace fathom::kernel
