#include "fathom/kernel/spectral.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/aligned_allocator.h>
#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

using testing::HasSubstr;

template <class T>
std::vector<T> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<T> x(count);
  for (T& value : x) value = static_cast<T>(random.normal());
  return x;
}

struct Bounded {
  double value = 0;
  double magnitude = 0;
};

// The definition in double, mode by mode: rfft2, the product with W, irfft2, and the adjoints of both.
template <class T>
class Reference {
 public:
  Reference(const SpectralShape& shape, std::vector<T> w1, std::vector<T> w2)
      : s_(shape), w1_(std::move(w1)), w2_(std::move(w2)) {}

  struct Complex {
    double re = 0, im = 0, magnitude = 0;
  };

  std::int64_t rows() const { return 2 * s_.modes_y; }
  std::int64_t ky(std::int64_t r) const { return r < s_.modes_y ? r : r - 2 * s_.modes_y; }
  double weight(std::int64_t kx) const {
    return (kx == 0 || 2 * kx == s_.width ? 1.0 : 2.0) / static_cast<double>(s_.height * s_.width);
  }
  const T* w(std::int64_t i, std::int64_t o, std::int64_t r, std::int64_t kx) const {
    const std::int64_t in_block = r < s_.modes_y ? r : r - s_.modes_y;
    return (r < s_.modes_y ? w1_ : w2_).data() + (((i * s_.out + o) * s_.modes_y + in_block) * s_.modes_x + kx) * 2;
  }

  Complex analyse(const T* field, std::int64_t r, std::int64_t kx) const {
    Complex sum;
    for (std::int64_t y = 0; y < s_.height; ++y) {
      for (std::int64_t x = 0; x < s_.width; ++x) {
        const double value = field[y * s_.width + x], angle = this->angle(r, kx, y, x);
        sum.re += value * std::cos(angle);
        sum.im -= value * std::sin(angle);
        sum.magnitude += std::abs(value);
      }
    }
    return sum;
  }

  // y(c, y, x) = sum scale(kx) Re(M(c, r, kx) e^{i angle}).
  template <class Modes>
  std::vector<Bounded> synthesise(std::int64_t channels, const Modes& modes) const {
    std::vector<Bounded> out(channels * s_.height * s_.width);
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t r = 0; r < rows(); ++r) {
        for (std::int64_t kx = 0; kx < s_.modes_x; ++kx) {
          const Complex m = modes(c, r, kx);
          for (std::int64_t y = 0; y < s_.height; ++y) {
            for (std::int64_t x = 0; x < s_.width; ++x) {
              Bounded& to = out[(c * s_.height + y) * s_.width + x];
              const double at = angle(r, kx, y, x);
              to.value += m.re * std::cos(at) - m.im * std::sin(at);
              to.magnitude += m.magnitude;
            }
          }
        }
      }
    }
    return out;
  }

  std::vector<Bounded> forward(const T* x) const {
    return synthesise(s_.out, [&](std::int64_t o, std::int64_t r, std::int64_t kx) {
      Complex sum;
      for (std::int64_t i = 0; i < s_.in; ++i) {
        add(analyse(x + i * s_.height * s_.width, r, kx), w(i, o, r, kx), 1, weight(kx), sum);
      }
      return sum;
    });
  }

  std::vector<Bounded> vjp(const T* g) const {
    return synthesise(s_.in, [&](std::int64_t i, std::int64_t r, std::int64_t kx) {
      Complex sum;
      for (std::int64_t o = 0; o < s_.out; ++o) {
        add(analyse(g + o * s_.height * s_.width, r, kx), w(i, o, r, kx), -1, weight(kx), sum);
      }
      return sum;
    });
  }

  // (re, im) of the gradient by W(i, o, r, kx), for one sample.
  Complex weight_gradient(const T* x, const T* g, std::int64_t i, std::int64_t o, std::int64_t r,
                          std::int64_t kx) const {
    const Complex a = analyse(x + i * s_.height * s_.width, r, kx);
    const Complex b = analyse(g + o * s_.height * s_.width, r, kx);
    const double scale = weight(kx);
    return {scale * (a.re * b.re + a.im * b.im), scale * (a.re * b.im - a.im * b.re),
            2 * scale * a.magnitude * b.magnitude};
  }

 private:
  double angle(std::int64_t r, std::int64_t kx, std::int64_t y, std::int64_t x) const {
    return 2 * std::numbers::pi *
           (static_cast<double>(ky(r) * y) / static_cast<double>(s_.height) +
            static_cast<double>(kx * x) / static_cast<double>(s_.width));
  }
  static void add(const Complex& x, const T* w, double sign, double scale, Complex& sum) {
    const double re = scale * w[0], im = scale * sign * w[1];
    sum.re += x.re * re - x.im * im;
    sum.im += x.re * im + x.im * re;
    sum.magnitude += x.magnitude * (std::abs(re) + std::abs(im));
  }

  SpectralShape s_;
  std::vector<T> w1_, w2_;
};

template <class T>
struct Case {
  SpectralShape s;
  std::int64_t n;
  std::vector<T> w1, w2, x, g;  // x and g begin one number late: aligned to no vector

  Case(const SpectralShape& shape, std::int64_t samples, std::uint64_t seed)
      : s(shape),
        n(samples),
        w1(normals<T>(s.in * s.out * s.modes_y * s.modes_x * 2, seed)),
        w2(normals<T>(s.in * s.out * s.modes_y * s.modes_x * 2, seed + 1)),
        x(normals<T>(n * s.in * s.height * s.width + 1, seed + 2)),
        g(normals<T>(n * s.out * s.height * s.width + 1, seed + 3)) {}
  SpectralConv<T> conv() const { return {s, w1.data(), w2.data()}; }
  std::int64_t in_size() const { return s.in * s.height * s.width; }
  std::int64_t out_size() const { return s.out * s.height * s.width; }
  double bound() const {
    const std::int64_t operations = s.height + s.width + 2 * std::max(s.in, s.out) + 2 * s.modes_y + 2 * s.modes_x + 16;
    return static_cast<double>(operations) * std::numeric_limits<T>::epsilon() / 2;
  }
};

template <class T>
void expect_close(const T* got, const std::vector<Bounded>& want, double bound, const char* name) {
  for (std::size_t i = 0; i < want.size(); ++i) {
    ASSERT_LE(std::abs(double{got[i]} - want[i].value), bound * want[i].magnitude) << name << "[" << i << "]";
  }
}

constexpr double kGuard = -12345;

template <class T>
void expect_forward_and_vjp(const Case<T>& c) {
  SCOPED_TRACE(testing::Message() << c.n << " x " << c.s.in << "->" << c.s.out << " at " << c.s.height << "x"
                                  << c.s.width << ", modes " << c.s.modes_y << ", " << c.s.modes_x);
  const SpectralConv<T> conv = c.conv();
  const Reference<T> reference(c.s, c.w1, c.w2);
  std::vector<T> y(c.n * c.out_size() + 2, static_cast<T>(kGuard)), dx(c.n * c.in_size() + 2, static_cast<T>(kGuard));
  conv.forward(c.n, &c.x[1], &y[1]);
  conv.vjp(c.n, &c.g[1], &dx[1]);
  for (std::int64_t i = 0; i < c.n; ++i) {
    expect_close(&y[1 + i * c.out_size()], reference.forward(&c.x[1 + i * c.in_size()]), c.bound(), "y");
    expect_close(&dx[1 + i * c.in_size()], reference.vjp(&c.g[1 + i * c.out_size()]), c.bound(), "dx");
  }
  for (const auto* result : {&y, &dx}) {
    EXPECT_EQ(result->front(), static_cast<T>(kGuard));
    EXPECT_EQ(result->back(), static_cast<T>(kGuard)) << "wrote beyond the end";
  }
}

template <class T>
void expect_weight_gradient(const Case<T>& c) {
  const SpectralConv<T> conv = c.conv();
  const Reference<T> reference(c.s, c.w1, c.w2);
  auto modes_x = hwy::AllocateAligned<T>(c.n * conv.mode_count(c.s.in));
  auto modes_g = hwy::AllocateAligned<T>(c.n * conv.mode_count(c.s.out));
  conv.analyse(c.n, c.s.in, &c.x[1], modes_x.get());
  conv.analyse(c.n, c.s.out, &c.g[1], modes_g.get());
  std::vector<T> dw1(c.w1.size()), dw2(c.w2.size());
  conv.weight_gradient(c.n, modes_x.get(), modes_g.get(), dw1.data(), dw2.data());
  const double bound = c.bound() + static_cast<double>(c.n) * std::numeric_limits<T>::epsilon();
  for (std::int64_t i = 0; i < c.s.in; ++i) {
    for (std::int64_t o = 0; o < c.s.out; ++o) {
      for (std::int64_t r = 0; r < 2 * c.s.modes_y; ++r) {
        for (std::int64_t kx = 0; kx < c.s.modes_x; ++kx) {
          double re = 0, im = 0, magnitude = 0;
          for (std::int64_t n = 0; n < c.n; ++n) {
            const auto term =
                reference.weight_gradient(&c.x[1 + n * c.in_size()], &c.g[1 + n * c.out_size()], i, o, r, kx);
            re += term.re;
            im += term.im;
            magnitude += term.magnitude;
          }
          const std::vector<T>& dw = r < c.s.modes_y ? dw1 : dw2;
          const std::int64_t at = (((i * c.s.out + o) * c.s.modes_y + r % c.s.modes_y) * c.s.modes_x + kx) * 2;
          ASSERT_LE(std::abs(double{dw[at]} - re), bound * magnitude);
          ASSERT_LE(std::abs(double{dw[at + 1]} - im), bound * magnitude);
        }
      }
    }
  }
}

template <class T>
class Spectral : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Spectral, Reals);

template <class T>
void expect_every_size() {
  for (std::int64_t size = 2; size <= 20; ++size) {
    expect_forward_and_vjp(Case<T>({2, 1, size, 5, (size + 1) / 3, 2}, 1, size));
    expect_forward_and_vjp(Case<T>({1, 2, 4, size, 2, size / 2 + 1}, 1, size));
  }
  for (std::int64_t channels = 1; channels <= 5; ++channels) {
    expect_forward_and_vjp(Case<T>({channels, 6 - channels, 6, 7, 2, 3}, 2, channels));
  }
}

TYPED_TEST(Spectral, EqualsTheDefinitionAtEverySize) { on_every_instruction_set(expect_every_size<TypeParam>); }

TYPED_TEST(Spectral, EqualsTheDefinitionWithManyModesAndColumns) {
  expect_forward_and_vjp(Case<TypeParam>({2, 2, 37, 53, 18, 20}, 1, 1));
  expect_forward_and_vjp(Case<TypeParam>({1, 1, 8, 100, 4, 51}, 1, 2));
}

TYPED_TEST(Spectral, NumberOfSamplesFillsGroupsOrNot) {
  for (const std::int64_t n : {0, 1, 3, 4, 5, 9}) expect_forward_and_vjp(Case<TypeParam>({3, 2, 6, 6, 2, 2}, n, n));
}

template <class T>
void expect_weight_gradients() {
  for (std::int64_t n = 1; n <= 5; ++n) {
    expect_weight_gradient(Case<T>({n, 6 - n, 6, 9, 3, n}, n, n));
  }
  expect_weight_gradient(Case<T>({3, 2, 5, 40, 2, 19}, 2, 1));
}

TYPED_TEST(Spectral, WeightGradientEqualsTheDefinition) {
  on_every_instruction_set(expect_weight_gradients<TypeParam>);
}

// <g, conv(x)> is linear in x and in W: the three sides agree.
TYPED_TEST(Spectral, GradientsAreAdjoint) {
  using T = TypeParam;
  const Case<T> c({3, 4, 12, 11, 4, 5}, 3, 5);
  const SpectralConv<T> conv = c.conv();
  std::vector<T> y(c.n * c.out_size()), dx(c.n * c.in_size()), dw1(c.w1.size()), dw2(c.w2.size());
  auto modes_x = hwy::AllocateAligned<T>(c.n * conv.mode_count(c.s.in));
  auto modes_g = hwy::AllocateAligned<T>(c.n * conv.mode_count(c.s.out));
  conv.forward(c.n, &c.x[1], y.data(), modes_x.get());
  conv.vjp(c.n, &c.g[1], dx.data(), modes_g.get());
  conv.weight_gradient(c.n, modes_x.get(), modes_g.get(), dw1.data(), dw2.data());
  double by_y = 0, by_x = 0, by_w = 0, magnitude = 0;
  for (std::size_t i = 0; i < y.size(); ++i) by_y += double{y[i]} * double{c.g[1 + i]};
  for (std::size_t i = 0; i < dx.size(); ++i) {
    by_x += double{dx[i]} * double{c.x[1 + i]};
    magnitude += std::abs(double{dx[i]} * double{c.x[1 + i]});
  }
  for (std::size_t i = 0; i < dw1.size(); ++i) {
    by_w += double{dw1[i]} * double{c.w1[i]} + double{dw2[i]} * double{c.w2[i]};
  }
  const double tolerance = 16 * c.bound() * magnitude;
  EXPECT_NEAR(by_y, by_x, tolerance);
  EXPECT_NEAR(by_y, by_w, tolerance);
  EXPECT_GT(std::abs(by_y), tolerance);
}

template <class T>
void expect_independent_samples() {
  const Case<T> c({3, 5, 10, 9, 3, 4}, 7, 6);
  const SpectralConv<T> conv = c.conv();
  std::vector<T> y(c.n * c.out_size()), dx(c.n * c.in_size()), one_y(c.out_size()), one_dx(c.in_size());
  conv.forward(c.n, &c.x[1], y.data());
  conv.vjp(c.n, &c.g[1], dx.data());
  for (std::int64_t i = 0; i < c.n; ++i) {
    conv.forward(1, &c.x[1 + i * c.in_size()], one_y.data());
    conv.vjp(1, &c.g[1 + i * c.out_size()], one_dx.data());
    EXPECT_TRUE(std::equal(one_y.begin(), one_y.end(), y.begin() + i * c.out_size()));
    EXPECT_TRUE(std::equal(one_dx.begin(), one_dx.end(), dx.begin() + i * c.in_size()));
  }
}

TYPED_TEST(Spectral, ASampleHasTheSameBitsAloneAndInABatch) {
  on_every_instruction_set(expect_independent_samples<TypeParam>);
}

TYPED_TEST(Spectral, SameBitsForAnyNumberOfThreads) {
  using T = TypeParam;
  const Case<T> c({2, 3, 10, 9, 3, 4}, 13, 7);
  const int threads = omp_get_max_threads();
  std::vector<std::vector<T>> results;
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    results.emplace_back(c.n * c.out_size());
    c.conv().forward(c.n, &c.x[1], results.back().data());
  }
  omp_set_num_threads(threads);
  EXPECT_EQ(results[0], results[1]);
}

TYPED_TEST(Spectral, ANonFiniteSampleHarmsItselfAlone) {
  using T = TypeParam;
  Case<T> c({2, 2, 6, 6, 2, 2}, 5, 8);
  const SpectralConv<T> conv = c.conv();
  std::vector<T> clean(c.n * c.out_size()), dirty(c.n * c.out_size());
  conv.forward(c.n, &c.x[1], clean.data());
  c.x[1 + 2 * c.in_size()] = std::numeric_limits<T>::quiet_NaN();
  conv.forward(c.n, &c.x[1], dirty.data());
  for (std::int64_t i = 0; i < c.n * c.out_size(); ++i) {
    if (i / c.out_size() == 2) {
      ASSERT_TRUE(std::isnan(dirty[i]));
    } else {
      ASSERT_EQ(dirty[i], clean[i]);
    }
  }
}

void expect_error(const char* text, const SpectralShape& shape) {
  try {
    const SpectralConv<float> conv(shape);
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(SpectralShape, RefusesWhatCannotBe) {
  expect_error("[kernel::SpectralConv] in = 0 violates >= 1", {0, 1, 4, 4, 1, 1});
  expect_error("out = 0 violates >= 1", {1, 0, 4, 4, 1, 1});
  expect_error("modes_y = 3 violates 1 <= modes_y <= height / 2 = 2", {1, 1, 5, 4, 3, 1});
  expect_error("modes_x = 4 violates 1 <= modes_x <= width / 2 + 1 = 3", {1, 1, 4, 5, 1, 4});
}

}  // namespace
}  // namespace fathom::kernel
