#include "fathom/kernel/activation.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/seed.h"
#include "tests/kernel/activation_reference.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

// Finite numbers of every exponent, and more of them where the functions bend.
template <class T>
std::vector<T> everywhere() {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr std::uint64_t kSteps = 400'003;
  std::vector<T> x{0, -T{0}, std::numeric_limits<T>::denorm_min(), -std::numeric_limits<T>::min(),
                   std::numeric_limits<T>::max()};
  const Bits step = std::numeric_limits<Bits>::max() / kSteps;
  for (std::uint64_t i = 0; i < kSteps; ++i) {
    const T value = std::bit_cast<T>(static_cast<Bits>(i * step + i * 7919 % step));
    if (std::isfinite(value)) x.push_back(value);
  }
  for (int i = 0; i < 200'000; ++i) x.push_back(static_cast<T>(-25 + 50 * (i / 200e3)));
  return x;
}

template <class T>
class Activations : public testing::Test {
 protected:
  using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;

  void values_are_within_the_bound(Activation act) {
    std::vector<Wide> exact;
    for (const T value : points) exact.push_back(reference<Wide>(act, value));
    on_every_instruction_set([&] {
      std::vector<T> y(points.size());
      activate<T>(act, points, y.data());
      for (std::size_t i = 0; i < points.size(); ++i) {
        if (std::isinf(static_cast<T>(exact[i]))) {
          ASSERT_TRUE(std::isinf(y[i])) << points[i];
        } else {
          ASSERT_LE(std::abs(y[i] - exact[i]), (value_bound<T, Wide>(act, points[i], exact[i]))) << points[i];
        }
      }
    });
  }

  void slopes_are_within_the_bound(Activation act) {
    std::vector<T> xy = points;
    if (slope_from_output(act)) activate<T>(act, points, xy.data());
    const std::vector<T> u(points.size(), T{1});
    on_every_instruction_set([&] {
      std::vector<T> w(points.size());
      activation_vjp<T>(act, u, xy.data(), w.data());
      for (std::size_t i = 0; i < points.size(); ++i) {
        const Wide exact = slope<Wide>(act, xy[i]);
        if (std::isinf(exact)) continue;
        ASSERT_LE(std::abs(w[i] - exact), slope_bound(act) * std::numeric_limits<T>::epsilon() / 2) << points[i];
      }
    });
  }

  std::vector<T> points = everywhere<T>();
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Activations, Types);

TYPED_TEST(Activations, ValuesAreWithinTheStatedBounds) {
  for (const Activation act : kAll) {
    SCOPED_TRACE(static_cast<int>(act));
    this->values_are_within_the_bound(act);
  }
}

TYPED_TEST(Activations, SlopesAreWithinTheStatedBounds) {
  for (const Activation act : kAll) {
    SCOPED_TRACE(static_cast<int>(act));
    this->slopes_are_within_the_bound(act);
  }
}

TYPED_TEST(Activations, TanhIsOddAndBoundedByOneAndTheIdentityNearZero) {
  using T = TypeParam;
  on_every_instruction_set([&] {
    std::vector<T> negative = this->points, y(this->points.size()), z(this->points.size());
    for (T& value : negative) value = -value;
    activate<T>(Activation::tanh, this->points, y.data());
    activate<T>(Activation::tanh, negative, z.data());
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_EQ(y[i], -z[i]);
      ASSERT_EQ(std::signbit(y[i]), std::signbit(this->points[i]));
      ASSERT_LE(std::abs(y[i]), 1);
      if (std::abs(this->points[i]) < std::numeric_limits<T>::epsilon()) {
        ASSERT_EQ(y[i], this->points[i]);
      }
    }
  });
}

TYPED_TEST(Activations, InfinitiesGiveTheLimitsAndNaNStays) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<std::vector<T>> limits{{-inf, inf}, {0, inf}, {-1, 1},  {0, 1},
                                           {0, inf},    {0, inf}, {0, inf}, {0, inf}};
  const std::vector<std::vector<T>> slopes{{1, 1}, {0, 1}, {0, 0}, {0, 0}, {0, inf}, {0, 1}, {0, 1}, {0, 1}};
  on_every_instruction_set([&] {
    for (const Activation act : kAll) {
      SCOPED_TRACE(static_cast<int>(act));
      const std::vector<T> x{-inf, inf, nan, -nan}, ones(4, 1);
      std::vector<T> y(4), w(4);
      activate<T>(act, x, y.data());
      activation_vjp<T>(act, ones, slope_from_output(act) ? y.data() : x.data(), w.data());
      for (int end = 0; end < 2; ++end) {
        EXPECT_EQ(y[end], limits[static_cast<int>(act)][end]);
        EXPECT_EQ(w[end], slopes[static_cast<int>(act)][end]);
        EXPECT_TRUE(std::isnan(y[2 + end]));
        EXPECT_TRUE(act <= Activation::relu || std::isnan(w[2 + end]));
      }
    }
  });
}

TYPED_TEST(Activations, ANumbersPlaceAndTheThreadsDoNotChangeItsBits) {
  using T = TypeParam;
  base::Random random(1);
  constexpr std::int64_t kMany = 100'003;
  std::vector<T> x(kMany), u(kMany);
  for (T& value : x) value = static_cast<T>(3 * random.normal());
  for (T& value : u) value = static_cast<T>(random.normal());
  on_every_instruction_set([&] {
    for (const Activation act : kAll) {
      std::vector<T> y(kMany), w(kMany);
      omp_set_num_threads(2);
      activate<T>(act, x, y.data());
      activation_vjp<T>(act, u, x.data(), w.data());
      omp_set_num_threads(1);
      for (std::int64_t n = 0; n <= 2 * static_cast<std::int64_t>(64 / sizeof(T)); ++n) {
        for (std::int64_t shift = 0; shift < 3; ++shift) {
          std::vector<T> part(n + shift + 2, T{-7});
          activate<T>(act, std::span(x).subspan(shift, n), part.data() + shift + 1);
          for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(part[shift + 1 + i], y[shift + i]);
          ASSERT_EQ(part[shift], -7);
          ASSERT_EQ(part[shift + 1 + n], -7);
          activation_vjp<T>(act, std::span(u).subspan(shift, n), x.data() + shift, part.data() + shift + 1);
          for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(part[shift + 1 + i], w[shift + i]);
        }
      }
      std::vector<T> in_place = x, pulled = u;
      activate<T>(act, in_place, in_place.data());
      activation_vjp<T>(act, pulled, x.data(), pulled.data());
      EXPECT_EQ(in_place, y);
      EXPECT_EQ(pulled, w);
    }
  });
}

}  // namespace
}  // namespace fathom::kernel
