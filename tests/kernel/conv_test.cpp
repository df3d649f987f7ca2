#include "fathom/kernel/conv.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::kernel {
namespace {

using testing::HasSubstr;

std::vector<float> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(random.normal());
  return x;
}

struct Case {
  ConvShape s;
  std::int64_t n;
  std::vector<float> weight, bias, x, c;

  Case(const ConvShape& shape, std::int64_t samples)
      : s(shape),
        n(samples),
        weight(normals(s.in * s.out * s.size * s.size, 1)),
        bias(normals(s.out, 2)),
        x(normals(n * in_size() + 1, 3)),
        c(normals(n * out_size(), 4)) {}
  std::int64_t in_size() const { return s.in * s.height * s.width; }
  std::int64_t out_size() const { return s.out * s.height * s.width; }
};

struct Bounded {
  double value = 0, magnitude = 0;
  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }
};

Bounded reference(const Case& at, const std::vector<float>& weight, std::int64_t n, std::int64_t o, std::int64_t p,
                  std::int64_t q) {
  const ConvShape& s = at.s;
  Bounded sum;
  for (std::int64_t i = 0; i < s.in; ++i) {
    for (std::int64_t a = 0; a < s.size; ++a) {
      for (std::int64_t b = 0; b < s.size; ++b) {
        const std::int64_t y = p + a - s.size / 2, x = q + b - s.size / 2;
        if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
        sum.add(double{weight[((o * s.in + i) * s.size + a) * s.size + b]} *
                double{at.x[1 + ((n * s.in + i) * s.height + y) * s.width + x]});
      }
    }
  }
  return sum;
}

void expect_reference(const Case& at, const ConvOptions& options, bool with_bias) {
  const ConvShape& s = at.s;
  SCOPED_TRACE(testing::Message() << at.n << " x " << s.in << "->" << s.out << " at " << s.height << "x" << s.width
                                  << " size " << s.size << " relu " << options.relu << " adds " << options.adds
                                  << " precise " << options.precise << " bias " << with_bias);
  const Conv conv(s, at.weight.data(), with_bias ? at.bias.data() : nullptr, options);
  std::vector<float> y(at.n * at.out_size() + 2, -77);
  conv.forward(at.n, &at.x[1], &y[1], {options.adds ? at.c.data() : nullptr});
  std::vector<Bounded> want;
  double largest = 0;
  for (std::int64_t i = 0; i < at.n * at.out_size(); ++i) {
    const std::int64_t q = i % s.width, p = i / s.width % s.height, o = i / (s.width * s.height) % s.out;
    Bounded sum = reference(at, at.weight, i / at.out_size(), o, p, q);
    if (with_bias) sum.add(at.bias[o]);
    if (options.adds) sum.add(at.c[i]);
    largest = std::max(largest, sum.magnitude);
    want.push_back(sum);
  }
  const double u = std::numeric_limits<float>::epsilon() / 2;
  for (std::int64_t i = 0; i < at.n * at.out_size(); ++i) {
    const double value = options.relu ? std::max(want[i].value, 0.0) : want[i].value;
    const double direct = static_cast<double>(s.size * s.size * s.in + 4) * u * want[i].magnitude;
    ASSERT_LE(std::abs(y[1 + i] - value), conv.winograd() ? 64 * u * largest : direct) << "number " << i;
  }
  EXPECT_EQ(y.front(), -77);
  EXPECT_EQ(y.back(), -77) << "wrote beyond the end";
}

TEST(Conv, EqualsThePlainSumAtEverySize) {
  for (const bool precise : {true, false}) {
    for (std::int64_t size = 1; size <= 12; ++size) {
      expect_reference(Case({3, 2, size, 13 - size, 3}, 1), {.precise = precise}, size % 2 == 0);
      expect_reference(Case({size, 2 * size + 1, 5, 6, 3}, 2),
                       {.relu = size % 2 == 1, .adds = true, .precise = precise}, true);
    }
    for (const std::int64_t size : {1, 3, 5}) {
      expect_reference(Case({4, 3, 9, 7, size}, 3), {.relu = true, .adds = size != 3, .precise = precise}, false);
    }
  }
}

TEST(Conv, EqualsThePlainSumWithManyChannels) {
  for (const bool precise : {true, false}) {
    expect_reference(Case({64, 64, 16, 20, 3}, 1), {.relu = true, .adds = true, .precise = precise}, true);
    expect_reference(Case({32, 48, 17, 15, 3}, 1), {.precise = precise}, true);
  }
}

TEST(Conv, PreciseIsDirect) {
  const Case at({64, 64, 32, 32, 3}, 1);
  EXPECT_FALSE(Conv(at.s, at.weight.data(), nullptr, {.precise = true}).winograd());
}

// <conv(x), g> = <x, conv'(g)> with the turned kernel.
TEST(Conv, AdjointWeightGivesTheVjp) {
  const Case at({5, 7, 9, 8, 3}, 1);
  const ConvShape back{at.s.out, at.s.in, at.s.height, at.s.width, at.s.size};
  const std::vector<float> turned = adjoint_weight(at.s, at.weight.data()), g = normals(at.out_size(), 9);
  std::vector<float> y(at.out_size()), dx(at.in_size());
  Conv(at.s, at.weight.data(), nullptr, {.precise = true}).forward(1, &at.x[1], y.data());
  Conv(back, turned.data(), nullptr, {.precise = true}).forward(1, g.data(), dx.data());
  Bounded left, right;
  for (std::int64_t i = 0; i < at.out_size(); ++i) left.add(double{y[i]} * double{g[i]});
  for (std::int64_t i = 0; i < at.in_size(); ++i) right.add(double{dx[i]} * double{at.x[1 + i]});
  // Each side's terms are sums of 45 or 63 products; 64 eps of their magnitudes is far above their rounding.
  EXPECT_NEAR(left.value, right.value, 64 * std::numeric_limits<float>::epsilon() * (left.magnitude + right.magnitude));
  EXPECT_GT(std::abs(left.value), 1e-3 * left.magnitude);
}

TEST(Conv, ASampleHasTheSameBitsAloneAndInABatchOnAnyNumberOfThreads) {
  const Case at({16, 16, 12, 12, 3}, 5);
  const int threads = omp_get_max_threads();
  for (const bool precise : {true, false}) {
    const Conv conv(at.s, at.weight.data(), at.bias.data(), {.relu = true, .adds = true, .precise = precise});
    std::vector<float> y(at.n * at.out_size()), one(at.out_size());
    for (const int count : {1, 3}) {
      omp_set_num_threads(count);
      conv.forward(at.n, &at.x[1], y.data(), {at.c.data()});
      omp_set_num_threads(1);
      for (std::int64_t i = 0; i < at.n; ++i) {
        conv.forward(1, &at.x[1 + i * at.in_size()], one.data(), {at.c.data(), &i});
        EXPECT_TRUE(std::equal(one.begin(), one.end(), y.begin() + i * at.out_size())) << "sample " << i;
      }
    }
  }
  omp_set_num_threads(threads);
}

template <class Call>
void expect_error(const char* text, const Call& call) {
  try {
    call();
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(Conv, RefusesWhatCannotBe) {
  const float weight[16] = {};
  expect_error("[kernel::Conv] in = 0 violates >= 1", [&] { Conv({0, 1, 4, 4, 3}, weight, nullptr); });
  expect_error("size = 2 violates odd and >= 1", [&] { Conv({1, 1, 4, 4, 2}, weight, nullptr); });
  float field[16] = {};
  expect_error("the addend's c = false violates == options.adds = true", [&] {
    Conv({1, 1, 4, 4, 3}, weight, nullptr, {.adds = true}).forward(1, field, field);
  });
}

}  // namespace
}  // namespace fathom::kernel
