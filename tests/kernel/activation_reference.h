// Activations by their definitions, and the error bounds that activation.h states.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "fathom/kernel/activation.h"

namespace fathom::kernel {

inline constexpr Activation kAll[] = {Activation::identity,  Activation::relu, Activation::tanh,
                                      Activation::sigmoid,   Activation::exp,  Activation::gelu,
                                      Activation::gelu_tanh, Activation::silu};

// The definitions, in a wider type.
template <class R>
R sigmoid(R x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}
template <class R>
R normal_cdf(R x) {
  return std::erfc(-x * (std::numbers::sqrt2_v<R> / 2)) / 2;
}
template <class R>
R cubic(R x) {  // 2 sqrt(2/pi) (x + 0.044715 x^3)
  return 2 * std::sqrt(2 * std::numbers::inv_pi_v<R>) * (x + R(0.044715L) * x * x * x);
}

template <class R>
R reference(Activation act, R x) {
  switch (act) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x < 0 ? R{0} : x;
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return sigmoid(x);
    case Activation::exp:
      return std::exp(x);
    case Activation::gelu:
      return x * normal_cdf(x);
    case Activation::gelu_tanh:
      return x * sigmoid(cubic(x));
    case Activation::silu:
      return x * sigmoid(x);
  }
  return 0;
}

// act'(xy) of y where the slope is a function of the output, of x otherwise.
template <class R>
R slope(Activation act, R xy) {
  switch (act) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      return xy > 0;
    case Activation::tanh:
      return (1 - xy) * (1 + xy);
    case Activation::sigmoid:
      return xy * (1 - xy);
    case Activation::exp:
      return xy;
    case Activation::gelu:
      return normal_cdf(xy) + xy * std::exp(-xy * xy / 2) * std::sqrt(std::numbers::inv_pi_v<R> / 2);
    case Activation::gelu_tanh: {
      const R s = sigmoid(cubic(xy)), rest = sigmoid(-cubic(xy));
      const R inner = 2 * std::sqrt(2 * std::numbers::inv_pi_v<R>) * (1 + 3 * R(0.044715L) * xy * xy);
      return s + (std::abs(xy) > 50 ? R{0} : xy * inner * s * rest);
    }
    case Activation::silu: {
      const R s = sigmoid(xy);
      return s + xy * s * sigmoid(-xy);
    }
  }
  return 0;
}

// The stated bound on |act(x) - exact| ...
template <class T, class R>
R value_bound(Activation act, R x, R exact) {
  const R u = std::numeric_limits<T>::epsilon() / R{2}, least = std::numeric_limits<T>::denorm_min();
  switch (act) {
    case Activation::tanh:
      return (sizeof(T) == 4 ? 6 : 10) * u * std::abs(exact);
    case Activation::exp:
    case Activation::sigmoid:
      return 3 * u * std::abs(exact) + least / 2;
    case Activation::silu:
      return 4 * u * std::abs(exact) + std::max<R>(1, std::abs(x)) * least;
    case Activation::gelu:
    case Activation::gelu_tanh:
      return 6 * u * std::abs(x) + least;
    default:
      return 0;
  }
}
// ... and the slope's, in units of u.
inline double slope_bound(Activation act) {
  switch (act) {
    case Activation::gelu:
    case Activation::gelu_tanh:
    case Activation::silu:
      return 8;
    case Activation::tanh:
    case Activation::sigmoid:
      return 2;
    default:
      return 0;
  }
}

}  // namespace fathom::kernel
