#include "fathom/kernel/row_algebra.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/seed.h"
#include "tests/kernel/targets.h"

namespace fathom::kernel {
namespace {

constexpr std::int64_t kLongest = 131;  // more than twice the eight vectors of doubles that a sum is unrolled by
constexpr std::int64_t kGap = 3;        // numbers between two rows
constexpr std::int64_t kRows = 2;
constexpr double kU = 0x1p-53;

template <class T>
constexpr double kRounding = sizeof(T) == 4 ? 0x1p-24 : 0;  // of a result to T, after sums in double

// kRows rows of `count` vectors, `shift` numbers off the start of the memory.
template <class T>
struct Vectors {
  std::int64_t count, width, shift;
  std::vector<T> memory;

  Vectors(std::int64_t count_of, std::int64_t width_of, std::int64_t shift_of, std::uint64_t seed,
          std::int64_t rows = kRows)
      : count(count_of), width(width_of), shift(shift_of), memory(shift + rows * stride()) {
    base::Random random(seed);
    for (T& value : memory) value = static_cast<T>(random.normal());
  }
  std::int64_t stride() const { return count * width + kGap; }
  std::int64_t rows() const { return (static_cast<std::int64_t>(memory.size()) - shift) / stride(); }
  T* of(std::int64_t row, std::int64_t k = 0) { return memory.data() + shift + row * stride() + k * width; }
  const T* of(std::int64_t row, std::int64_t k = 0) const { return const_cast<Vectors*>(this)->of(row, k); }
  RowVectors<T> to() { return {memory.data() + shift, rows(), count, width, stride()}; }
  RowVectors<const T> view() const { return {memory.data() + shift, rows(), count, width, stride()}; }
};

std::vector<double> factors(std::int64_t count) {
  base::Random random(9);
  std::vector<double> a(count);
  for (double& value : a) value = random.normal();
  return a;
}

struct Sum {
  double value = 0, sizes = 0;  // of the products, and of their absolute values
};

template <class T>
Sum dot(const T* v, const T* w, std::int64_t n) {
  long double value = 0, sizes = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const long double product = static_cast<long double>(v[i]) * w[i];
    value += product;
    sizes += std::abs(product);
  }
  return {static_cast<double>(value), static_cast<double>(sizes)};
}

// The gaps between the rows are as they were.
template <class T>
void expect_same_gaps(const Vectors<T>& a, const Vectors<T>& b) {
  for (std::int64_t row = 0; row < a.rows(); ++row) {
    const T* end = a.of(row) + a.count * a.width;
    ASSERT_TRUE(std::equal(end, end + kGap, b.of(row) + b.count * b.width));
  }
}

template <class Check>
void for_each_shape(const Check& check) {
  for_each_target([&] {
    for (std::int64_t width = 0; width <= kLongest; ++width) {
      for (const std::int64_t count : {1, 2, 6}) check(count, width, width % 4);
    }
    for (std::int64_t shift = 0; shift < 9; ++shift) check(3, 37, shift);
    for (std::int64_t count = 0; count <= 9; ++count) check(count, 37, 1);
  });
}

template <class T>
class RowAlgebra : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RowAlgebra, Types);

TYPED_TEST(RowAlgebra, DotsMatchTheReference) {
  for_each_shape([](std::int64_t count, std::int64_t width, std::int64_t shift) {
    const Vectors<TypeParam> v(count, width, shift, 1), w(1, width, shift / 2, 2);
    std::vector<double> dots(kRows * count + 1, -7);
    row_dots(v.view(), w.view(), dots.data());
    for (std::int64_t row = 0; row < kRows; ++row) {
      for (std::int64_t k = 0; k < count; ++k) {
        const Sum expected = dot(v.of(row, k), w.of(row), width);
        ASSERT_NEAR(dots[row * count + k], expected.value, static_cast<double>(width + 1) * kU * expected.sizes);
      }
    }
    ASSERT_EQ(dots.back(), -7);
  });
}

TYPED_TEST(RowAlgebra, NormsMatchTheReference) {
  for_each_shape([](std::int64_t, std::int64_t width, std::int64_t shift) {
    const Vectors<TypeParam> x(1, width, shift, 1);
    double norms[kRows];
    row_norms(x.view(), norms);
    for (std::int64_t row = 0; row < kRows; ++row) {
      const double expected = std::sqrt(dot(x.of(row), x.of(row), width).value);
      ASSERT_NEAR(norms[row], expected, (static_cast<double>(width) / 2 + 2) * kU * expected);
    }
  });
}

TYPED_TEST(RowAlgebra, ScaledCopiesMatchTheReference) {
  for_each_shape([](std::int64_t, std::int64_t width, std::int64_t shift) {
    const Vectors<TypeParam> x(1, width, shift, 1), before(1, width, shift / 2, 2);
    auto y = before;
    const auto a = factors(kRows);
    scale_rows(x.view(), a.data(), y.to());
    for (std::int64_t row = 0; row < kRows; ++row) {
      for (std::int64_t i = 0; i < width; ++i) {
        const double expected = a[row] * x.of(row)[i];
        ASSERT_NEAR(y.of(row)[i], expected, (kU + kRounding<TypeParam>)*std::abs(expected));
      }
    }
    expect_same_gaps(y, before);
    auto in_place = x;
    scale_rows(x.view(), a.data(), in_place.to());
    for (std::int64_t row = 0; row < kRows; ++row) {
      ASSERT_TRUE(std::equal(y.of(row), y.of(row) + width, in_place.of(row)));
    }
  });
}

TYPED_TEST(RowAlgebra, AFactorOfZeroLeavesNothingOfTheRow) {
  Vectors<TypeParam> x(1, 37, 0, 1);
  std::fill_n(x.of(0), 37, std::numeric_limits<TypeParam>::quiet_NaN());
  const double a[] = {0, 1};
  auto y = x;
  scale_rows<TypeParam>(x.view(), a, y.to());
  for (std::int64_t i = 0; i < 37; ++i) {
    EXPECT_EQ(y.of(0)[i], 0);
    EXPECT_EQ(y.of(1)[i], x.of(1)[i]);
  }
}

TYPED_TEST(RowAlgebra, AddedVectorsMatchTheReference) {
  for_each_shape([](std::int64_t count, std::int64_t width, std::int64_t shift) {
    const Vectors<TypeParam> v(count, width, shift, 1), before(1, width, shift / 2, 2);
    auto y = before;
    const auto a = factors(kRows * count);
    add_scaled_rows(v.view(), a.data(), y.to());
    for (std::int64_t row = 0; row < kRows; ++row) {
      for (std::int64_t i = 0; i < width; ++i) {
        long double expected = before.of(row)[i], sizes = std::abs(expected);
        for (std::int64_t k = 0; k < count; ++k) {
          const long double term = static_cast<long double>(a[row * count + k]) * v.of(row, k)[i];
          expected += term;
          sizes += std::abs(term);
        }
        // Without fused multiplication a term is rounded twice.
        const double bound = 2 * static_cast<double>(count + 1) * kU * static_cast<double>(sizes) +
                             kRounding<TypeParam> * static_cast<double>(std::abs(expected));
        ASSERT_NEAR(y.of(row)[i], static_cast<double>(expected), bound) << width;
      }
    }
    expect_same_gaps(y, before);
  });
}

// Vectors orthonormal to rounding: Gram-Schmidt one vector after another, twice.
template <class T>
Vectors<T> orthonormal(std::int64_t count, std::int64_t width, std::int64_t shift) {
  Vectors<T> v(count, width, shift, 1);
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (std::int64_t k = 0; k < count; ++k) {
      std::vector<double> x(v.of(row, k), v.of(row, k) + width);
      for (std::int64_t before = 0; before < 2 * k; ++before) {
        const T* other = v.of(row, before % k);
        double part = 0;
        for (std::int64_t i = 0; i < width; ++i) part += x[i] * other[i];
        for (std::int64_t i = 0; i < width; ++i) x[i] -= part * other[i];
      }
      double square = 0;
      for (const double value : x) square += value * value;
      for (std::int64_t i = 0; i < width; ++i) v.of(row, k)[i] = static_cast<T>(x[i] / std::sqrt(square));
    }
  }
  return v;
}

template <class T>
void check_orthogonalise(std::int64_t count, std::int64_t width, std::int64_t shift) {
  const Vectors<T> v = orthonormal<T>(count, width, shift), w(1, width, shift / 2, 2);
  Vectors<T> out(1, width, shift / 3, 3);
  const Vectors<T> before = out;
  std::vector<double> h(kRows * count);
  orthogonalise_rows(v.view(), w.view(), out.to(), h.data());
  const double u = std::numeric_limits<T>::epsilon() / 2, n = static_cast<double>(width),
               m = static_cast<double>(count);
  for (std::int64_t row = 0; row < kRows; ++row) {
    const double size = std::sqrt(dot(w.of(row), w.of(row), width).value);
    // The second pass leaves the errors of its sums (m + n roundings) and the rounding of its result.
    for (std::int64_t k = 0; k < count; ++k)
      ASSERT_LE(std::abs(dot(v.of(row, k), out.of(row), width).value), 2 * (m + n + 1) * u * size);
    // out + V h = w, but for the roundings of two updates.
    for (std::int64_t i = 0; i < width; ++i) {
      double sum = out.of(row)[i], sizes = std::abs(w.of(row)[i]);
      for (std::int64_t k = 0; k < count; ++k) {
        sum += h[row * count + k] * v.of(row, k)[i];
        sizes += std::abs(h[row * count + k] * v.of(row, k)[i]);
      }
      ASSERT_NEAR(sum, w.of(row)[i], 4 * (m + 2) * u * sizes);
    }
  }
  expect_same_gaps(out, before);
  Vectors<T> in_place = w;
  orthogonalise_rows(v.view(), w.view(), in_place.to(), h.data());
  for (std::int64_t row = 0; row < kRows; ++row) {
    ASSERT_TRUE(std::equal(out.of(row), out.of(row) + width, in_place.of(row)));
  }
}

TYPED_TEST(RowAlgebra, OrthogonalisedRowsStandOnTheBasisAndKeepTheRest) {
  for_each_target([] {
    for (std::int64_t width = 8; width <= kLongest; ++width) check_orthogonalise<TypeParam>(5, width, width % 4);
    for (std::int64_t count = 0; count <= 21; ++count) check_orthogonalise<TypeParam>(count, 75, 1);
  });
}

TYPED_TEST(RowAlgebra, LargeFloatsHaveFiniteSumsAndResultsBeyondTheRangeAreInfinite) {
  Vectors<TypeParam> x(1, 37, 0, 1);
  const TypeParam large = std::numeric_limits<TypeParam>::max() / 4;
  std::fill(x.memory.begin(), x.memory.end(), large);
  double norms[kRows];
  row_norms<TypeParam>(x.view(), norms);
  EXPECT_EQ(std::isfinite(norms[0]), sizeof(TypeParam) == 4);
  const double a[] = {8, 1};
  for_each_target([&] {
    auto y = x;
    scale_rows<TypeParam>(x.view(), a, y.to());
    for (std::int64_t i = 0; i < 37; ++i) {
      ASSERT_TRUE(std::isinf(y.of(0)[i]));
      ASSERT_EQ(y.of(1)[i], large);
    }
  });
}

// What every kernel says of each row.
template <class T>
std::vector<std::vector<double>> everything(const RowVectors<const T>& v, const RowVectors<const T>& w) {
  const std::int64_t rows = v.rows, width = v.width;
  std::vector<double> dots(rows * v.count), norms(rows), h(rows * v.count);
  std::vector<T> left(rows * width), scaled(rows * width);
  row_dots(v, w, dots.data());
  row_norms(w, norms.data());
  orthogonalise_rows(v, w, RowVectors<T>{left.data(), rows, 1, width, width}, h.data());
  scale_rows(w, norms.data(), RowVectors<T>{scaled.data(), rows, 1, width, width});
  add_scaled_rows(v, dots.data(), RowVectors<T>{scaled.data(), rows, 1, width, width});
  std::vector<std::vector<double>> all(rows);
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto keep = [&](const auto& values, std::int64_t each) {
      all[row].insert(all[row].end(), values.begin() + row * each, values.begin() + (row + 1) * each);
    };
    keep(dots, v.count);
    keep(norms, 1);
    keep(h, v.count);
    keep(left, width);
    keep(scaled, width);
  }
  return all;
}

TYPED_TEST(RowAlgebra, ThreadsAndBatchMatesDoNotChangeAnyBit) {
  using T = TypeParam;
  constexpr std::int64_t rows = 70, count = 5, width = 1003;  // enough work to go parallel
  const Vectors<T> v(count, width, 1, 1, rows), w(1, width, 2, 2, rows);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(2);
  const auto together = everything<T>(v.view(), w.view());
  omp_set_num_threads(1);
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto alone = everything<T>({v.of(row), 1, count, width, 0}, {w.of(row), 1, 1, width, 0});
    EXPECT_EQ(alone[0], together[row]);
  }
  omp_set_num_threads(threads);
}

TYPED_TEST(RowAlgebra, AProductIsTheSameWhateverVectorsStandBesideIt) {
  const Vectors<TypeParam> v(7, 131, 1, 1), w(1, 131, 2, 2);
  for_each_target([&] {
    double dots[kRows * 7];
    row_dots(v.view(), w.view(), dots);
    for (std::int64_t k = 0; k < 7; ++k) {
      double alone = 0;
      row_dots<TypeParam>({v.of(1, k), 1, 1, 131, 0}, {w.of(1), 1, 1, 131, 0}, &alone);
      ASSERT_EQ(alone, dots[7 + k]);
    }
    const Vectors<TypeParam> copy = w;
    double square[kRows], product[kRows];
    row_dots<TypeParam>(w.view(), w.view(), square);  // reads w once
    row_dots<TypeParam>(w.view(), copy.view(), product);
    ASSERT_EQ(square[1], product[1]);
  });
}

}  // namespace
}  // namespace fathom::kernel
