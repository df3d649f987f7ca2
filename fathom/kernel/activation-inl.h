// Activations of vectors, for loops and for the ends of matrix products. Included once for each instruction set.
//   A::value(d, x)        act(x)
//   A::pull(d, u, x, y)   u act'(x); reads y = act(x) where A::kFromOutput, else x, and not the other
#if defined(FATHOM_KERNEL_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FATHOM_KERNEL_ACTIVATION_INL_H_
#undef FATHOM_KERNEL_ACTIVATION_INL_H_
#else
#define FATHOM_KERNEL_ACTIVATION_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <limits>

#include <hwy/highway.h>

#include "fathom/kernel/activation.h"
#include "fathom/kernel/activation_constants.h"
#include "fathom/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sum_k c_k z^k over k >= kFirst, divided by z^kFirst.
template <std::size_t kFirst = 0, class D, class T, std::size_t kCount>
HWY_INLINE hn::Vec<D> polynomial(D d, hn::Vec<D> z, const T (&c)[kCount]) {
  if constexpr (kFirst + 1 == kCount) {
    return hn::Set(d, c[kFirst]);
  } else {
    return hn::MulAdd(polynomial<kFirst + 1>(d, z, c), z, hn::Set(d, c[kFirst]));
  }
}

// The odd function x P(x^2) / Q(x^2) that saturates at +-kTop.
template <class Constants, class D>
HWY_INLINE hn::Vec<D> odd_rational(D d, hn::Vec<D> x) {
  const auto size = hn::Abs(x), z = hn::Mul(x, x), top = hn::Set(d, Constants::kTop);
  const auto above = hn::Mul(size, polynomial(d, z, Constants::kP));
  const auto value = hn::Div(above, polynomial(d, z, Constants::kQ));
  // Where x is NaN no comparison holds and the value stays.
  const auto full = hn::Or(hn::Gt(size, hn::Set(d, Constants::kBound)), hn::Gt(value, top));
  return hn::CopySignToAbs(hn::IfThenElse(full, top, value), x);
}

// e^x for kLeast <= x <= kMost and NaN. 2^n is applied in two factors, as it may not be a number where the product is.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> exp_within(D d, hn::Vec<D> x) {
  using C = ExpConstants<T>;
  const hn::RebindToUnsigned<D> bits;
  const auto shifted = hn::MulAdd(x, hn::Set(d, C::kPerLn), hn::Set(d, C::kRound));
  const auto n = hn::Sub(shifted, hn::Set(d, C::kRound));
  const auto high = hn::NegMulAdd(n, hn::Set(d, C::kLnHigh), x);
  const auto r = hn::NegMulAdd(n, hn::Set(d, C::kLnLow), high);
  const auto tail = hn::Mul(hn::Mul(r, r), polynomial(d, r, C::kP));
  const auto value = hn::Add(hn::Set(d, T{1}), hn::Add(r, tail));
  const auto exponent = hn::Sub(hn::BitCast(bits, shifted), hn::Set(bits, C::kRoundBits - 2 * C::kBias));
  const auto half = hn::ShiftRight<1>(exponent);
  const auto scale = hn::BitCast(d, hn::ShiftLeft<C::kMantissa>(half));
  const auto rest = hn::BitCast(d, hn::ShiftLeft<C::kMantissa>(hn::Sub(exponent, half)));
  return hn::Mul(hn::Mul(value, scale), rest);
}

// e^x for x <= kMost and NaN.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> exp_below(D d, hn::Vec<D> x) {
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, ExpConstants<T>::kLeast)), exp_within(d, x));
}

// sigmoid(x) = above / (1 + e) and 1 - sigmoid(x) = below / (1 + e), without cancellation: e = e^-|x|.
template <class D, class T = hn::TFromD<D>>
struct Logistic {
  hn::Vec<D> above, below, sum;

  HWY_INLINE Logistic(D d, hn::Vec<D> x) {
    const auto one = hn::Set(d, T{1}), e = exp_below(d, hn::Neg(hn::Abs(x)));
    const auto negative = hn::Lt(x, hn::Zero(d));
    above = hn::IfThenElse(negative, e, one);
    below = hn::IfThenElse(negative, one, e);
    sum = hn::Add(one, e);
  }
};

// x where its size is a number, so that a product with a zero is a zero.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> without_infinity(D d, hn::Vec<D> x) {
  return hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, std::numeric_limits<T>::max())), x);
}

struct Identity {
  static constexpr bool kFromOutput = true;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    return u;
  }
};

struct Relu {
  static constexpr bool kFromOutput = true;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    return hn::IfThenZeroElse(hn::Lt(x, hn::Zero(d)), x);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), u);
  }
};

struct Tanh {
  static constexpr bool kFromOutput = true;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    return odd_rational<TanhConstants<hn::TFromD<D>>>(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    return hn::Mul(u, hn::NegMulAdd(y, y, hn::Set(d, hn::TFromD<D>(1))));
  }
};

struct Sigmoid {
  static constexpr bool kFromOutput = true;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    const Logistic<D> of(d, x);
    return hn::Div(of.above, of.sum);
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    return hn::Mul(u, hn::Mul(y, hn::Sub(hn::Set(d, hn::TFromD<D>(1)), y)));
  }
};

struct Exp {
  static constexpr bool kFromOutput = true;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    using T = hn::TFromD<D>;
    const auto infinity = hn::Set(d, std::numeric_limits<T>::infinity());
    return hn::IfThenElse(hn::Gt(x, hn::Set(d, ExpConstants<T>::kMost)), infinity, exp_below(d, x));
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    return hn::Mul(u, y);
  }
};

struct Gelu {
  static constexpr bool kFromOutput = false;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    using C = NormalConstants<hn::TFromD<D>>;
    const auto value = hn::Mul(x, hn::Add(hn::Set(d, C::kTop), odd_rational<C>(d, x)));
    return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -C::kBound)), value);
  }
  // Phi(x) + x phi(x)
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    using T = hn::TFromD<D>;
    const auto center = hn::Set(d, T(0.39894228040143267794));  // phi(0)
    const auto bounded = without_infinity(d, x), half = hn::Mul(hn::Set(d, T(-0.5)), bounded);
    const auto density = hn::Mul(center, exp_below(d, hn::Mul(half, bounded)));
    const auto phi = hn::Add(hn::Set(d, T(0.5)), odd_rational<NormalConstants<T>>(d, x));
    return hn::Mul(u, hn::MulAdd(bounded, density, phi));
  }
};

// x sigmoid(2 z), z = sqrt(2/pi) (x + 0.044715 x^3), as (1 + tanh z) / 2 = sigmoid(2 z).
struct GeluTanh {
  static constexpr bool kFromOutput = false;
  static constexpr double kTwice = 1.5957691216057307118, kCubic = 0.044715;  // 2 sqrt(2 / pi)
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V twice_z(D d, V x, V square) {
    using T = hn::TFromD<D>;
    return hn::Mul(x, hn::MulAdd(hn::Set(d, T(kTwice * kCubic)), square, hn::Set(d, T(kTwice))));
  }
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    const Logistic<D> of(d, twice_z(d, x, hn::Mul(x, x)));
    const auto infinite = hn::Lt(x, hn::Set(d, -std::numeric_limits<hn::TFromD<D>>::max()));
    return hn::IfThenZeroElse(infinite, hn::Mul(x, hn::Div(of.above, of.sum)));
  }
  // s + x s (1 - s) 2 z'(x); the last term vanishes long before its factors overflow.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    using T = hn::TFromD<D>;
    const auto square = hn::Mul(x, x);
    const Logistic<D> of(d, twice_z(d, x, square));
    const auto s = hn::Div(of.above, of.sum), rest = hn::Div(of.below, of.sum);
    const auto slope = hn::MulAdd(hn::Set(d, T(3 * kTwice * kCubic)), square, hn::Set(d, T(kTwice)));
    const auto bend = hn::Mul(hn::Mul(x, slope), hn::Mul(s, rest));
    return hn::Mul(u, hn::Add(s, hn::IfThenZeroElse(hn::Gt(hn::Abs(x), hn::Set(d, T(100))), bend)));
  }
};

struct Silu {
  static constexpr bool kFromOutput = false;
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V value(D d, V x) {
    const Logistic<D> of(d, x);
    const auto infinite = hn::Lt(x, hn::Set(d, -std::numeric_limits<hn::TFromD<D>>::max()));
    return hn::IfThenZeroElse(infinite, hn::Mul(x, hn::Div(of.above, of.sum)));
  }
  // s + x s (1 - s)
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V pull(D d, V u, V x, V y) {
    const Logistic<D> of(d, x);
    const auto s = hn::Div(of.above, of.sum), rest = hn::Div(of.below, of.sum);
    return hn::Mul(u, hn::MulAdd(without_infinity(d, x), hn::Mul(s, rest), s));
  }
};

// call(A()) with the struct of `act`.
template <class Call>
HWY_INLINE void with_activation(Activation act, const Call& call) {
  switch (act) {
    case Activation::identity:
      return call(Identity());
    case Activation::relu:
      return call(Relu());
    case Activation::tanh:
      return call(Tanh());
    case Activation::sigmoid:
      return call(Sigmoid());
    case Activation::exp:
      return call(Exp());
    case Activation::gelu:
      return call(Gelu());
    case Activation::gelu_tanh:
      return call(GeluTanh());
    case Activation::silu:
      return call(Silu());
  }
}

// body(d, load, store) for whole vectors, then for the rest of fewer numbers than lanes.
template <class T, class Body>
HWY_INLINE void for_vectors(std::int64_t n, const Body& body) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    body(
        d, [=](const T* x) HWY_ATTR { return hn::LoadU(d, x + i); },
        [=](hn::Vec<decltype(d)> y, T* to) HWY_ATTR { hn::StoreU(y, d, to + i); });
  }
  if (i == n) return;
  body(
      d, [=](const T* x) HWY_ATTR { return load_first(d, x + i, n - i); },
      [=](hn::Vec<decltype(d)> y, T* to) HWY_ATTR { store_first(y, d, to + i, n - i); });
}

// y = act(x)
template <class T>
void activate_all(Activation act, std::int64_t n, const T* x, T* y) {
  with_activation(act, [=](auto a) HWY_ATTR {
    for_vectors<T>(n, [=](auto d, const auto& load, const auto& store) HWY_ATTR { store(a.value(d, load(x)), y); });
  });
}

// w = u act'(xy)
template <class T>
void pull_all(Activation act, std::int64_t n, const T* u, const T* xy, T* w) {
  with_activation(act, [=](auto a) HWY_ATTR {
    for_vectors<T>(n, [=](auto d, const auto& load, const auto& store) HWY_ATTR {
      const auto argument = load(xy);
      store(a.pull(d, load(u), argument, argument), w);
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#endif  // FATHOM_KERNEL_ACTIVATION_INL_H_
