#include "fathom/kernel/rows.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/seed.h"
#include "tests/kernel/targets.h"

namespace fathom::kernel {
namespace {

constexpr std::int64_t kLongest = 131;  // more than twice a block of four vectors of floats

template <class T>
std::vector<T> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<T> x(count);
  for (T& value : x) value = static_cast<T>(random.normal());
  return x;
}

template <class T>
class Rows : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Rows, Types);

template <class T>
void check_squares(std::int64_t n, std::int64_t shift) {
  const auto y = normals<T>(2 * n + shift, 1), g = normals<T>(2 * n + shift, 2);
  const LiveRow row{.slot = 1, .row = 0};
  const std::int64_t starts[] = {0, n / 3, n};
  Squares squares[2];
  residual_squares<T>({&row, 1}, starts, y.data() + shift, g.data() + shift, squares);
  for (int p = 0; p < 2; ++p) {
    double residual = 0, value = 0;
    for (std::int64_t i = starts[p]; i < starts[p + 1]; ++i) {
      const double g_i = g[shift + n + i], r_i = g_i - y[shift + n + i];
      residual += r_i * r_i;
      value += g_i * g_i;
    }
    const double bound = 0x1p-53 * static_cast<double>(n);
    ASSERT_NEAR(squares[p].residual, residual, bound * residual) << n;
    ASSERT_NEAR(squares[p].value, value, bound * value) << n;
  }
}

TYPED_TEST(Rows, SquaresMatchTheReferenceAtEveryLengthAndAlignment) {
  for_each_target([] {
    for (std::int64_t n = 0; n <= kLongest; ++n) {
      for (std::int64_t shift = 0; shift < 3; ++shift) check_squares<TypeParam>(n, shift);
    }
  });
}

TYPED_TEST(Rows, SquaresOfLargeFloatsDoNotOverflow) {
  using T = TypeParam;
  const T large = std::sqrt(std::numeric_limits<T>::max()) * (sizeof(T) == 4 ? T{1e10} : T{.1});
  const std::vector<T> y(20, T{0}), g(20, large);
  const LiveRow row;
  const std::int64_t starts[] = {0, 20};
  Squares squares;
  residual_squares<T>({&row, 1}, starts, y.data(), g.data(), &squares);
  EXPECT_TRUE(std::isfinite(squares.residual));
}

// Where the next iterate goes: over y, over g or into a matrix of its own.
enum class To { y, g, next };

template <class T>
void check_step(std::int64_t n, T damping, To to) {
  const std::vector<LiveRow> rows{{.slot = 0, .row = 3, .improved = true},
                                  {.slot = 1, .row = 0, .improved = false},
                                  {.slot = 3, .row = 1, .improved = true, .running = false}};
  const auto y_prev = normals<T>(4 * n, 7), y0 = normals<T>(4 * n, 3), g0 = normals<T>(4 * n, 4);
  auto y = y0, g = g0;
  std::vector<T> best(4 * n, T{-7}), other(4 * n, T{-8});
  std::uint8_t best_is_previous[] = {1, 1, 0, 0};
  std::vector<T>& next = to == To::y ? y : to == To::g ? g : other;
  const auto next0 = next;
  damped_step<T>(rows, n, y_prev.data(), y.data(), g.data(), damping, next.data(), best.data(), best_is_previous);
  for (std::int64_t i = 0; i < n; ++i) {
    for (const std::int64_t slot : {0, 1}) {
      const std::int64_t at = slot * n + i;
      const double expected = y0[at] + static_cast<double>(damping) * (static_cast<double>(g0[at]) - y0[at]);
      ASSERT_NEAR(next[at], expected, 2 * std::numeric_limits<T>::epsilon() * (std::abs(y0[at]) + std::abs(g0[at])));
    }
    for (const std::int64_t slot : {2, 3}) ASSERT_EQ(next[slot * n + i], next0[slot * n + i]);
    ASSERT_EQ(best[0 * n + i], y_prev[1 * n + i]);  // left for a worse one
    ASSERT_EQ(best[1 * n + i], y0[3 * n + i]);      // done
    for (const std::int64_t row : {2, 3}) ASSERT_EQ(best[row * n + i], T{-7});
  }
  EXPECT_THAT(best_is_previous, testing::ElementsAre(0, 0, 0, 1));
}

TYPED_TEST(Rows, StepsCopyAndAdvanceOnlyTheRowsThatAreMeant) {
  for_each_target([] {
    for (std::int64_t n = 0; n <= kLongest; ++n) {
      for (const To to : {To::y, To::g, To::next}) {
        check_step<TypeParam>(n, 1, to);
        check_step<TypeParam>(n, TypeParam{.25}, to);
      }
    }
  });
}

TYPED_TEST(Rows, ThreadsDoNotChangeAnyBit) {
  using T = TypeParam;
  const std::int64_t n = 3000, count = 64;  // enough work to go parallel
  const auto y = normals<T>(n * count, 5), g = normals<T>(n * count, 6);
  std::vector<LiveRow> rows(count);
  for (std::int64_t b = 0; b < count; ++b) rows[b].slot = rows[b].row = b;
  const std::int64_t starts[] = {0, n};
  std::vector<Squares> together(count);
  omp_set_num_threads(2);
  residual_squares<T>(rows, starts, y.data(), g.data(), together.data());
  omp_set_num_threads(1);
  for (const LiveRow& row : rows) {
    std::vector<Squares> alone(count);
    residual_squares<T>({&row, 1}, starts, y.data(), g.data(), alone.data());
    EXPECT_EQ(alone[row.row].residual, together[row.row].residual);
  }
}

}  // namespace
}  // namespace fathom::kernel
