#include "fathom/kernel/csr.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>
#include <rapidcheck/gtest.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Indices = std::vector<std::int64_t>;

template <class T>
std::vector<T> normals(std::int64_t count, base::Random& random) {
  std::vector<T> x(count);
  for (T& value : x) value = static_cast<T>(random.normal());
  return x;
}

struct Entries {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Indices row;
  Indices column;
};

Entries random_entries(std::int64_t rows, std::int64_t columns, std::int64_t count, base::Random& random) {
  Entries entries{rows, columns, {}, {}};
  for (std::int64_t e = 0; e < count; ++e) {
    entries.row.push_back(static_cast<std::int64_t>(random.below(rows)));
    entries.column.push_back(static_cast<std::int64_t>(random.below(columns)));
  }
  return entries;
}

template <class T>
CsrView<T> view(const CsrPattern& pattern, const std::vector<T>& value) {
  return {pattern.rows, pattern.columns, pattern.row_start.data(), pattern.column.data(), value.data()};
}

TEST(CsrPattern, SortsByRowAndKeepsTheOrderWithinARow) {
  const Indices row{2, 0, 2, 0};
  const Indices column{1, 3, 0, 1};
  const CsrPattern pattern = csr_pattern(3, 4, row, column);
  EXPECT_EQ(pattern.rows, 3);
  EXPECT_EQ(pattern.columns, 4);
  EXPECT_THAT(pattern.row_start, ElementsAre(0, 2, 2, 4));
  EXPECT_THAT(pattern.column, ElementsAre(3, 1, 1, 0));
  EXPECT_THAT(pattern.source, ElementsAre(1, 3, 0, 2));
}

TEST(CsrPattern, TransposeSortsByColumn) {
  const Indices row{2, 0, 2, 0};
  const Indices column{1, 3, 0, 1};
  const CsrPattern transposed = transpose(csr_pattern(3, 4, row, column));
  EXPECT_EQ(transposed.rows, 4);
  EXPECT_EQ(transposed.columns, 3);
  EXPECT_THAT(transposed.row_start, ElementsAre(0, 1, 3, 3, 4));
  EXPECT_THAT(transposed.column, ElementsAre(2, 0, 2, 0));
  EXPECT_THAT(transposed.source, ElementsAre(3, 1, 2, 0));
}

TEST(CsrPattern, EmptyMatrixHasOneStart) {
  EXPECT_THAT(csr_pattern(0, 0, {}, {}).row_start, ElementsAre(0));
  EXPECT_THAT(transpose(csr_pattern(0, 2, {}, {})).row_start, ElementsAre(0, 0, 0));
}

RC_GTEST_PROP(CsrPatternProperty, HoldsEveryEntryOnceAndTransposeTwiceIsStable, ()) {
  base::Random random(*rc::gen::arbitrary<std::uint64_t>());
  const auto rows = *rc::gen::inRange<std::int64_t>(1, 30);
  const auto columns = *rc::gen::inRange<std::int64_t>(1, 30);
  const Entries given = random_entries(rows, columns, *rc::gen::inRange<std::int64_t>(0, 100), random);
  const CsrPattern pattern = csr_pattern(rows, columns, given.row, given.column);
  std::vector<int> seen(given.row.size(), 0);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t e = pattern.row_start[r]; e < pattern.row_start[r + 1]; ++e) {
      const std::int64_t source = pattern.source[e];
      ++seen[source];
      RC_ASSERT(given.row[source] == r);
      RC_ASSERT(given.column[source] == pattern.column[e]);
    }
  }
  RC_ASSERT(seen == std::vector<int>(given.row.size(), 1));
  const CsrPattern sorted = transpose(transpose(pattern));
  RC_ASSERT(sorted.row_start == pattern.row_start);
  const CsrPattern again = transpose(transpose(sorted));
  RC_ASSERT(again.column == sorted.column);
}

void expect_error(const char* text, std::int64_t rows, std::int64_t columns, const Indices& row,
                  const Indices& column) {
  try {
    csr_pattern(rows, columns, row, column);
    ADD_FAILURE() << "expected an error with " << text;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
  }
}

TEST(CsrPattern, RefusesIndicesOutOfRange) {
  expect_error("[kernel::csr_pattern] entry_row = 2 violates 0 <= index < 2", 2, 2, {0, 2}, {0, 0});
  expect_error("[kernel::csr_pattern] entry_column = -1 violates 0 <= index < 2", 2, 2, {0, 1}, {0, -1});
  expect_error("entry_row = 0 violates 0 <= index < 0", 0, 2, {0}, {0});
}

TEST(CsrPattern, RefusesWrongSizes) {
  expect_error("entry_column.size() = 1 violates == entry_row.size() = 2", 2, 2, {0, 1}, {0});
  expect_error("rows = -1 violates", -1, 2, {}, {});
  expect_error("columns = 2147483648 violates", 2, std::int64_t{1} << 31, {}, {});
}

template <class T>
class CsrProduct : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(CsrProduct, Reals);

// Plain double reference, with the sum of magnitudes that scales the error bound.
template <class T>
void expect_products(const CsrView<T>& matrix, const T* x, std::int64_t width, const T* out) {
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    const std::int64_t count = matrix.row_start[r + 1] - matrix.row_start[r];
    for (std::int64_t c = 0; c < width; ++c) {
      double sum = 0;
      double magnitude = 0;
      for (std::int64_t e = matrix.row_start[r]; e < matrix.row_start[r + 1]; ++e) {
        const double term = double{matrix.value[e]} * double{x[matrix.column[e] * width + c]};
        sum += term;
        magnitude += std::abs(term);
      }
      const double bound = static_cast<double>(count + 1) * std::numeric_limits<T>::epsilon() * magnitude;
      ASSERT_LE(std::abs(double{out[r * width + c]} - sum), bound) << "row " << r << " column " << c;
    }
  }
}

// All widths to four times the widest vector, from a pointer aligned to no vector.
template <class T>
void expect_sums_at_every_width() {
  base::Random random(1);
  const Entries given = random_entries(23, 31, 90, random);
  const CsrPattern pattern = csr_pattern(given.rows, given.columns, given.row, given.column);
  const auto value = normals<T>(90, random);
  constexpr T kGuard = -77;
  for (std::int64_t width = 1; width <= 70; ++width) {
    const auto x = normals<T>(given.columns * width + 1, random);
    std::vector<T> out(given.rows * width + 2, kGuard);
    csr_times_dense(view(pattern, value), x.data() + 1, width, out.data() + 1);
    expect_products(view(pattern, value), x.data() + 1, width, out.data() + 1);
    EXPECT_EQ(out.front(), kGuard);
    EXPECT_EQ(out.back(), kGuard) << "wrote beyond the end at width " << width;
  }
}

TYPED_TEST(CsrProduct, EqualsThePlainSumAtEveryWidth) {
  on_every_instruction_set(expect_sums_at_every_width<TypeParam>);
}

TYPED_TEST(CsrProduct, RowsWithoutEntriesAreZero) {
  using T = TypeParam;
  const CsrPattern pattern = csr_pattern(3, 2, Indices{1}, Indices{1});
  const std::vector<T> value{2};
  const std::vector<T> x{1, 2, 3, 4, 5, 6};
  std::vector<T> out(9, T{-1});
  csr_times_dense(view(pattern, value), x.data(), 3, out.data());
  EXPECT_THAT(out, ElementsAre(0, 0, 0, 8, 10, 12, 0, 0, 0));
}

TYPED_TEST(CsrProduct, ANonFiniteColumnHarmsOnlyItsRows) {
  using T = TypeParam;
  const CsrPattern pattern = csr_pattern(2, 2, Indices{0, 1}, Indices{0, 1});
  const std::vector<T> value{1, 1};
  const std::vector<T> x{std::numeric_limits<T>::quiet_NaN(), 3};
  std::vector<T> out(2);
  csr_times_dense(view(pattern, value), x.data(), 1, out.data());
  EXPECT_TRUE(std::isnan(out[0]));
  EXPECT_EQ(out[1], T{3});
}

template <class T>
void expect_value_gradients_at_every_width() {
  base::Random random(2);
  const Entries given = random_entries(11, 13, 40, random);
  const CsrPattern pattern = csr_pattern(given.rows, given.columns, given.row, given.column);
  std::vector<T> gradient(40);
  for (std::int64_t width = 1; width <= 70; ++width) {
    const auto g = normals<T>(given.rows * width + 1, random);
    const auto x = normals<T>(given.columns * width + 1, random);
    csr_value_gradient(view(pattern, gradient), g.data() + 1, x.data() + 1, width, gradient.data());
    for (std::int64_t e = 0; e < 40; ++e) {
      const T* left = g.data() + 1 + given.row[pattern.source[e]] * width;
      const T* right = x.data() + 1 + given.column[pattern.source[e]] * width;
      double sum = 0;
      double magnitude = 0;
      for (std::int64_t c = 0; c < width; ++c) {
        sum += double{left[c]} * double{right[c]};
        magnitude += std::abs(double{left[c]} * double{right[c]});
      }
      const double bound = static_cast<double>(width + 1) * std::numeric_limits<T>::epsilon() * magnitude;
      ASSERT_LE(std::abs(double{gradient[e]} - sum), bound) << "width " << width << " entry " << e;
    }
  }
}

TYPED_TEST(CsrProduct, ValueGradientEqualsThePlainDotAtEveryWidth) {
  on_every_instruction_set(expect_value_gradients_at_every_width<TypeParam>);
}

// <A x, g> = <x, A' g>: the transposed matrix is the adjoint that the gradient with respect to x needs.
TYPED_TEST(CsrProduct, TransposeIsTheAdjoint) {
  using T = TypeParam;
  base::Random random(3);
  const std::int64_t width = 5;
  const Entries given = random_entries(17, 29, 80, random);
  const CsrPattern pattern = csr_pattern(given.rows, given.columns, given.row, given.column);
  const CsrPattern transposed = transpose(pattern);
  const auto value = normals<T>(80, random);
  std::vector<T> transposed_value;
  for (const std::int64_t source : transposed.source) transposed_value.push_back(value[source]);
  const auto x = normals<T>(given.columns * width, random);
  const auto g = normals<T>(given.rows * width, random);
  std::vector<T> forward(g.size());
  std::vector<T> backward(x.size());
  csr_times_dense(view(pattern, value), x.data(), width, forward.data());
  csr_times_dense(view(transposed, transposed_value), g.data(), width, backward.data());
  double left = 0;
  double right = 0;
  double magnitude = 0;
  for (std::size_t i = 0; i < g.size(); ++i) left += double{forward[i]} * double{g[i]};
  for (std::size_t i = 0; i < x.size(); ++i) right += double{backward[i]} * double{x[i]};
  for (std::int64_t e = 0; e < 80; ++e) {
    for (std::int64_t c = 0; c < width; ++c) {
      magnitude += std::abs(double{value[e]} * double{x[pattern.column[e] * width + c]} *
                            double{g[given.row[pattern.source[e]] * width + c]});
    }
  }
  EXPECT_NEAR(left, right, 2 * 81 * std::numeric_limits<T>::epsilon() * magnitude);
}

TYPED_TEST(CsrProduct, SameBitsForAnyNumberOfThreads) {
  using T = TypeParam;
  base::Random random(4);
  const Entries given = random_entries(5000, 700, 20000, random);
  const CsrPattern pattern = csr_pattern(given.rows, given.columns, given.row, given.column);
  const auto value = normals<T>(20000, random);
  const auto x = normals<T>(given.columns * 9, random);
  std::vector<T> one(given.rows * 9);
  std::vector<T> three(given.rows * 9);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  csr_times_dense(view(pattern, value), x.data(), 9, one.data());
  omp_set_num_threads(3);
  csr_times_dense(view(pattern, value), x.data(), 9, three.data());
  omp_set_num_threads(threads);
  EXPECT_EQ(one, three);
}

}  // namespace
}  // namespace fathom::kernel
