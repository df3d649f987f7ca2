#include "fathom/kernel/anderson.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "fathom/base/seed.h"
#include "tests/kernel/targets.h"

namespace fathom::kernel {
namespace {

template <class T>
std::vector<T> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<T> x(count);
  for (T& value : x) value = static_cast<T>(random.normal());
  return x;
}

// One row of `width` numbers whose history starts off a vector boundary, filled at random.
template <class T, class Column = T>
struct Row {
  std::int64_t width, depth;
  std::vector<T> y, g, y_prev, g_prev, memory, best, next;
  LiveRow live;

  Row(std::int64_t width_of, std::int64_t depth_of)
      : width(width_of),
        depth(depth_of),
        y(normals<T>(width, 1)),
        g(normals<T>(width, 2)),
        y_prev(normals<T>(width, 7)),
        g_prev(normals<T>(width, 8)),
        memory(normals<T>(1 + AndersonHistory<T, Column>::matrices(depth) * width, 3)),
        best(normals<T>(width, 4)),
        next(width, T{-7}) {
    const auto columns = normals<float>(2 * depth * width, 6);
    for (std::int64_t i = 0; i < 2 * depth * width; ++i) history().column(0, 0)[i] = Column(columns[i]);
  }
  AndersonHistory<T, Column> history() { return {memory.data() + 1, 1, width, depth}; }
  Point<T> now() { return {y.data(), g.data()}; }
  Point<const T> before() const { return {y_prev.data(), g_prev.data()}; }
};

// As a column keeps it.
double kept(double x, float) { return static_cast<float>(x); }
double kept(double x, double) { return x; }
double kept(double x, Bfloat16) { return static_cast<float>(Bfloat16(static_cast<float>(x))); }

template <class Column>
std::vector<double> doubles(const Column* x, std::int64_t n) {
  std::vector<double> wide;
  for (std::int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_same_v<Column, Bfloat16>) {
      wide.push_back(static_cast<float>(x[i]));
    } else {
      wide.push_back(x[i]);
    }
  }
  return wide;
}

double dot(const auto* a, const auto* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

double dot_bound(const auto* a, const auto* b, std::int64_t n) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::abs(static_cast<double>(a[i]) * b[i]);
  return 0x1p-53 * static_cast<double>(n) * sum;
}

template <class T>
class AndersonKernel : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(AndersonKernel, Types);

template <class T, class Column = T>
void check_measure(std::int64_t width, std::int64_t depth, std::int64_t count) {
  Row<T, Column> row(width, depth);
  const auto history = row.history();
  const Ring ring{depth / 2, depth};
  const std::int64_t starts[] = {0, width / 2, width};
  Squares squares[2];
  AndersonProducts products;
  anderson_measure<T>({&row.live, 1}, starts, row.now().read(), row.before(), history, ring, &count, squares,
                      &products);
  const auto dr = doubles(history.dr(0, ring.newest), width), dg = doubles(history.dg(0, ring.newest), width);
  std::vector<T> r(width);
  for (std::int64_t i = 0; i < width; ++i) {
    r[i] = row.g[i] - row.y[i];
    ASSERT_EQ(dr[i], kept(r[i] - static_cast<T>(row.g_prev[i] - row.y_prev[i]), Column()));
    ASSERT_EQ(dg[i], kept(row.g[i] - row.g_prev[i], Column()));
  }
  const std::int64_t half = width / 2;
  EXPECT_NEAR(squares[0].residual, dot(r.data(), r.data(), half), dot_bound(r.data(), r.data(), half));
  EXPECT_NEAR(squares[1].value, dot(&row.g[half], &row.g[half], width - half),
              dot_bound(&row.g[half], &row.g[half], width - half));
  for (std::int64_t age = 0; age < count; ++age) {
    const auto column = doubles(history.dr(0, ring.column(age)), width);
    EXPECT_NEAR(products.gram[age], dot(dr.data(), column.data(), width), dot_bound(dr.data(), column.data(), width));
    EXPECT_NEAR(products.rhs[age], dot(r.data(), column.data(), width), dot_bound(r.data(), column.data(), width));
  }
}

TYPED_TEST(AndersonKernel, MeasureMatchesTheReference) {
  for_each_target([] {
    for (std::int64_t width = 1; width <= 70; ++width) check_measure<TypeParam>(width, 5, 5);
    for (std::int64_t depth = 1; depth <= kMaxDepth; ++depth) check_measure<TypeParam>(37, depth, depth);
    for (std::int64_t count = 1; count <= 5; ++count) check_measure<TypeParam>(2500, 5, count);  // several chunks
  });
}

TYPED_TEST(AndersonKernel, MeasureOfShortColumnsMatchesTheReference) {
  for_each_target([] {
    for (std::int64_t width = 1; width <= 70; ++width) check_measure<TypeParam, Bfloat16>(width, 5, 5);
    for (std::int64_t depth = 1; depth <= 9; ++depth) check_measure<TypeParam, Bfloat16>(37, depth, depth);
    check_measure<TypeParam, Bfloat16>(2500, 7, 6);
  });
}

TYPED_TEST(AndersonKernel, TheFirstPointHasNoColumn) {
  using T = TypeParam;
  Row<T> row(9, 3);
  const auto history = row.history();
  const std::vector<T> memory = row.memory;
  const std::int64_t starts[] = {0, 9}, none = 0;
  Squares squares;
  AndersonProducts products;
  anderson_measure<T>({&row.live, 1}, starts, row.now().read(), {}, history, Ring{-1, 3}, &none, &squares, &products);
  EXPECT_EQ(row.memory, memory);
  EXPECT_NEAR(squares.value, dot(row.g.data(), row.g.data(), 9), dot_bound(row.g.data(), row.g.data(), 9));
}

template <class T, class Column = T>
void check_mix(std::int64_t width, std::int64_t depth, T damping) {
  Row<T, Column> row(width, depth);
  const auto history = row.history();
  const Ring ring{depth / 2, depth};
  auto weights = normals<double>(depth, 5);
  if (depth > 1) {
    weights[1] = 0;  // and its column must not be read
    std::fill_n(history.dg(0, ring.column(1)), width, Column(std::numeric_limits<float>::quiet_NaN()));
    std::fill_n(history.dr(0, ring.column(1)), width, Column(std::numeric_limits<float>::quiet_NaN()));
  }
  const auto y0 = row.y, g0 = row.g;
  std::uint8_t best_is_previous = 0;
  anderson_mix<T>({&row.live, 1}, row.now(), row.before(), history, ring, weights.data(), damping, row.next.data(),
                  row.best.data(), &best_is_previous);
  for (std::int64_t i = 0; i < width; ++i) {
    double mixed = row.g[i], back = row.g[i] - y0[i], size = std::abs(mixed) + std::abs(back);
    for (std::int64_t age = 0; age < depth; ++age) {
      if (weights[age] == 0) continue;
      const double dg = doubles(history.dg(0, ring.column(age)) + i, 1)[0];
      const double dr = doubles(history.dr(0, ring.column(age)) + i, 1)[0];
      mixed -= weights[age] * dg;
      back -= weights[age] * dr;
      size += std::abs(weights[age]) * (std::abs(dg) + std::abs(dr));
    }
    const double bound = static_cast<double>(depth + 2) * std::numeric_limits<T>::epsilon() * size;
    ASSERT_NEAR(row.next[i], mixed - (1 - static_cast<double>(damping)) * back, bound);
  }
  ASSERT_EQ(row.y, y0);  // the point stays, for the next measure
  ASSERT_EQ(row.g, g0);
}

TYPED_TEST(AndersonKernel, MixMatchesTheReference) {
  using T = TypeParam;
  for_each_target([] {
    for (std::int64_t width = 1; width <= 140; ++width) {
      check_mix<T>(width, 5, T{1});
      check_mix<T>(width, 3, T{.75});
    }
    for (std::int64_t depth = 1; depth <= kMaxDepth; ++depth) check_mix<T>(37, depth, T{1});
  });
}

TYPED_TEST(AndersonKernel, MixOfShortColumnsMatchesTheReference) {
  using T = TypeParam;
  for_each_target([] {
    for (std::int64_t width = 1; width <= 140; ++width) {
      check_mix<T, Bfloat16>(width, 5, T{1});
      check_mix<T, Bfloat16>(width, 3, T{.75});
    }
  });
}

TEST(Bfloat16Column, RoundsToTheNearestAndKeepsWhatIsNotFinite) {
  EXPECT_EQ(static_cast<float>(Bfloat16(1 + 0x1p-8f)), 1);            // a tie goes to even
  EXPECT_EQ(static_cast<float>(Bfloat16(1 + 0x3p-8f)), 1 + 0x1p-6f);  // also upwards
  EXPECT_EQ(static_cast<float>(Bfloat16(1 + 0x1.1p-8f)), 1 + 0x1p-7f);
  EXPECT_EQ(static_cast<float>(Bfloat16(-std::numeric_limits<float>::infinity())),
            -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(static_cast<float>(Bfloat16(std::numeric_limits<float>::quiet_NaN()))));
  base::Random random(9);
  for (int i = 0; i < 10000; ++i) {
    const double x = random.normal() * std::exp(20 * random.normal());
    EXPECT_LE(std::abs(static_cast<float>(Bfloat16(static_cast<float>(x))) - x), 0x1.001p-8 * std::abs(x));
  }
}

// A column that is not a number stays one, so that the row is seen to have failed.
TEST(Bfloat16Column, IsNotANumberWhereTheDifferenceIsNot) {
  for_each_target([] {
    Row<float, Bfloat16> row(9, 2);
    row.g[4] = std::numeric_limits<float>::quiet_NaN();
    const std::int64_t starts[] = {0, 9}, one = 1;
    Squares squares;
    AndersonProducts products;
    anderson_measure<float>({&row.live, 1}, starts, row.now().read(), row.before(), row.history(), Ring{0, 2}, &one,
                            &squares, &products);
    EXPECT_TRUE(std::isnan(products.gram[0]));
    EXPECT_TRUE(std::isnan(static_cast<float>(row.history().dg(0, 0)[4])));
  });
}

// The same columns elsewhere in the ring give the same bits.
TYPED_TEST(AndersonKernel, MixDoesNotDependOnWhereTheRingBegins) {
  using T = TypeParam;
  constexpr std::int64_t kWidth = 53, kDepth = 4;
  const auto weights = normals<double>(kDepth, 5);
  const auto mixed = [&](std::int64_t newest) {
    Row<T> row(kWidth, kDepth);
    const auto history = row.history();
    const Ring ring{newest, kDepth};
    for (std::int64_t age = 0; age < kDepth; ++age) {
      const auto dg = normals<T>(kWidth, 20 + age), dr = normals<T>(kWidth, 30 + age);
      std::copy(dg.begin(), dg.end(), history.dg(0, ring.column(age)));
      std::copy(dr.begin(), dr.end(), history.dr(0, ring.column(age)));
    }
    std::uint8_t best_is_previous = 0;
    anderson_mix<T>({&row.live, 1}, row.now(), row.before(), history, ring, weights.data(), T{.75}, row.next.data(),
                    row.best.data(), &best_is_previous);
    return row.next;
  };
  for (std::int64_t newest = 1; newest < kDepth; ++newest) EXPECT_EQ(mixed(newest), mixed(0));
}

TYPED_TEST(AndersonKernel, RollBackIsThePlainStepFromTheBest) {
  using T = TypeParam;
  Row<T> row(21, 2);
  const auto history = row.history();
  const double weights[] = {1, 1};
  row.live.roll_back = true;
  std::uint8_t best_is_previous = 0;
  anderson_mix<T>({&row.live, 1}, row.now(), row.before(), history, Ring{1, 2}, weights, T{.5}, row.next.data(),
                  row.best.data(), &best_is_previous);
  for (std::int64_t i = 0; i < 21; ++i) {
    const T g = history.best_g(0)[i];
    EXPECT_EQ(row.g[i], g);
    EXPECT_EQ(row.y[i], row.best[i]);
    EXPECT_NEAR(row.next[i], .5 * (static_cast<double>(g) + row.best[i]), 4 * std::numeric_limits<T>::epsilon());
  }
}

TYPED_TEST(AndersonKernel, RowsThatAreDoneAreLeftAlone) {
  using T = TypeParam;
  Row<T> row(21, 2);
  const auto y0 = row.y, next0 = row.next;
  const double weights[] = {1, 1};
  row.live.running = false;
  std::uint8_t best_is_previous = 0;
  anderson_mix<T>({&row.live, 1}, row.now(), row.before(), row.history(), Ring{1, 2}, weights, T{1}, row.next.data(),
                  row.best.data(), &best_is_previous);
  EXPECT_EQ(row.y, y0);
  EXPECT_EQ(row.next, next0);
}

// A descent copies nothing; the best point is written when the next one is worse, or at the end.
TYPED_TEST(AndersonKernel, TheBestPointIsKeptWhenItIsLeft) {
  using T = TypeParam;
  Row<T> row(21, 2);
  const auto untouched = row.best, y0 = row.y, g0 = row.g;
  const double weights[] = {0, 0};
  std::uint8_t best_is_previous = 0;
  const auto advance = [&](bool improved, bool running) {
    row.live.improved = improved;
    row.live.running = running;
    anderson_mix<T>({&row.live, 1}, row.now(), row.before(), row.history(), Ring{1, 2}, weights, T{1}, row.next.data(),
                    row.best.data(), &best_is_previous);
  };
  advance(true, true);
  EXPECT_EQ(row.best, untouched);
  EXPECT_EQ(row.next, g0);  // the plain step
  row.y_prev = y0;
  row.g_prev = g0;
  row.y = g0;
  row.g = normals<T>(21, 6);
  advance(false, true);
  EXPECT_EQ(row.best, y0);
  EXPECT_EQ(std::vector<T>(row.history().best_g(0), row.history().best_g(0) + 21), g0);
  const auto last = row.y = row.next;
  advance(true, false);
  EXPECT_EQ(row.best, last);
}

}  // namespace
}  // namespace fathom::kernel
