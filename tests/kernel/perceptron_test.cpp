#include "fathom/kernel/perceptron.h"

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
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

using testing::Each;
using testing::HasSubstr;

struct Shape {
  std::int64_t rows = 0;
  std::int64_t a = 1;
  std::int64_t b = 0;
  std::int64_t hidden = 1;
  std::int64_t outputs = 1;
  bool relu = false;
  bool bias = true;
};

// Inputs, weights and an output gradient, each preceded by one number so that no pointer is aligned to a vector.
template <class T>
struct Case {
  Shape shape;
  std::vector<T> a, b, w1, c1, w2, c2, dy;

  Case(const Shape& of, std::uint64_t seed) : shape(of) {
    base::Random random(seed);
    for (auto [to, count] :
         {std::pair{&a, of.rows * of.a}, std::pair{&b, of.rows * of.b}, std::pair{&w1, of.hidden * (of.a + of.b)},
          std::pair{&c1, of.hidden}, std::pair{&w2, of.outputs * of.hidden}, std::pair{&c2, of.outputs},
          std::pair{&dy, of.rows * of.outputs}}) {
      for (std::int64_t i = 0; i <= count; ++i) to->push_back(static_cast<T>(random.normal()));
    }
  }
  PerceptronInput<T> input() const { return {shape.rows, &a[1], shape.a, shape.b > 0 ? &b[1] : nullptr, shape.b}; }
  PerceptronWeights<T> weights() const {
    return {shape.hidden, shape.outputs, &w1[1], shape.bias ? &c1[1] : nullptr, &w2[1], shape.bias ? &c2[1] : nullptr,
            shape.relu};
  }
};

constexpr double kGuard = -12345;

// One result of `count` numbers with a guard on either side.
template <class T>
struct Guarded {
  std::vector<T> memory;
  explicit Guarded(std::int64_t count) : memory(count + 2, static_cast<T>(kGuard)) {}
  T* data() { return &memory[1]; }
  bool intact() const { return memory.front() == static_cast<T>(kGuard) && memory.back() == static_cast<T>(kGuard); }
};

template <class T>
struct Results {
  Guarded<T> y, a, b, w1, c1, w2, c2;
  explicit Results(const Shape& of)
      : y(of.rows * of.outputs),
        a(of.rows * of.a),
        b(of.rows * of.b),
        w1(of.hidden * (of.a + of.b)),
        c1(of.hidden),
        w2(of.outputs * of.hidden),
        c2(of.outputs) {}
  PerceptronGradient<T> gradient(bool has_b) {
    return {a.data(), has_b ? b.data() : nullptr, w1.data(), c1.data(), w2.data(), c2.data()};
  }
  bool intact() const {
    return y.intact() && a.intact() && b.intact() && w1.intact() && c1.intact() && w2.intact() && c2.intact();
  }
};

template <class T>
Results<T> compute(const Case<T>& at) {
  Results<T> results(at.shape);
  perceptron_forward(at.input(), at.weights(), results.y.data());
  perceptron_backward(at.input(), at.weights(), &at.dy[1], results.gradient(at.shape.b > 0));
  return results;
}

// A value with the sum of the magnitudes it was made of: an error is at most a few eps times `magnitude`.
struct Bounded {
  double value = 0;
  double magnitude = 0;
  void add(double factor, const Bounded& x) {
    value += factor * x.value;
    magnitude += std::abs(factor) * x.magnitude;
  }
};

Bounded gated(const Bounded& x, double gate) { return gate > 0 ? x : Bounded{}; }

// The definition in double, one row at a time.
template <class T>
struct Reference {
  std::vector<Bounded> y, a, b, w1, c1, w2, c2;

  explicit Reference(const Case<T>& at)
      : y(at.shape.rows * at.shape.outputs),
        a(at.shape.rows * at.shape.a),
        b(at.shape.rows * at.shape.b),
        w1(at.shape.hidden * (at.shape.a + at.shape.b)),
        c1(at.shape.hidden),
        w2(at.shape.outputs * at.shape.hidden),
        c2(at.shape.outputs) {
    for (std::int64_t n = 0; n < at.shape.rows; ++n) add_row(at, n);
  }

  void add_row(const Case<T>& at, std::int64_t n) {
    const Shape& s = at.shape;
    const std::int64_t inputs = s.a + s.b;
    std::vector<double> x;
    for (std::int64_t k = 0; k < s.a; ++k) x.push_back(at.a[1 + n * s.a + k]);
    for (std::int64_t k = 0; k < s.b; ++k) x.push_back(at.b[1 + n * s.b + k]);
    std::vector<Bounded> h(s.hidden);
    for (std::int64_t j = 0; j < s.hidden; ++j) {
      const double c = s.bias ? double{at.c1[1 + j]} : 0;
      h[j] = {c, std::abs(c)};
      for (std::int64_t k = 0; k < inputs; ++k) h[j].add(at.w1[1 + j * inputs + k], {x[k], std::abs(x[k])});
      if (h[j].value <= 0) h[j].value = 0;
    }
    std::vector<Bounded> dh(s.hidden);
    for (std::int64_t i = 0; i < s.outputs; ++i) {
      const double c = s.bias ? double{at.c2[1 + i]} : 0;
      Bounded& out = y[n * s.outputs + i] = {c, std::abs(c)};
      for (std::int64_t j = 0; j < s.hidden; ++j) out.add(at.w2[1 + i * s.hidden + j], h[j]);
      const double dy = at.dy[1 + n * s.outputs + i];
      const Bounded g = s.relu ? gated({dy, std::abs(dy)}, out.value) : Bounded{dy, std::abs(dy)};
      if (s.relu && out.value <= 0) out.value = 0;
      c2[i].add(1, g);
      for (std::int64_t j = 0; j < s.hidden; ++j) {
        dh[j].add(at.w2[1 + i * s.hidden + j], g);
        w2[i * s.hidden + j].value += g.value * h[j].value;
        w2[i * s.hidden + j].magnitude += g.magnitude * h[j].magnitude;
      }
    }
    for (std::int64_t j = 0; j < s.hidden; ++j) {
      const Bounded d = gated(dh[j], h[j].value);
      c1[j].add(1, d);
      for (std::int64_t k = 0; k < inputs; ++k) {
        w1[j * inputs + k].add(x[k], d);
        (k < s.a ? a[n * s.a + k] : b[n * s.b + k - s.a]).add(at.w1[1 + j * inputs + k], d);
      }
    }
  }
};

// `operations` is the longest chain of roundings behind one result.
template <class T>
void expect_close(const char* name, Guarded<T>& got, const std::vector<Bounded>& want, std::int64_t operations) {
  ASSERT_EQ(got.memory.size(), want.size() + 2);
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double bound = static_cast<double>(operations) * std::numeric_limits<T>::epsilon() * want[i].magnitude;
    ASSERT_LE(std::abs(double{got.data()[i]} - want[i].value), bound) << name << "[" << i << "]";
  }
}

template <class T>
void expect_all(const Case<T>& at) {
  const Shape& s = at.shape;
  SCOPED_TRACE(testing::Message() << s.rows << " rows, " << s.a << "+" << s.b << " -> " << s.hidden << " -> "
                                  << s.outputs << (s.relu ? " relu" : "") << (s.bias ? " bias" : ""));
  Results<T> got = compute(at);
  const Reference<T> want(at);
  const std::int64_t layers = s.a + s.b + s.hidden + s.outputs + 4;
  expect_close("y", got.y, want.y, layers);
  expect_close("da", got.a, want.a, layers);
  expect_close("db", got.b, want.b, layers);
  expect_close("dw1", got.w1, want.w1, layers + s.rows);
  expect_close("dc1", got.c1, want.c1, layers + s.rows);
  expect_close("dw2", got.w2, want.w2, layers + s.rows);
  expect_close("dc2", got.c2, want.c2, layers + s.rows);
  EXPECT_TRUE(got.intact()) << "wrote outside of a result";
}

template <class T>
class Perceptron : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Perceptron, Reals);

template <class T>
void expect_all_at_every_number_of_rows() {
  for (std::int64_t rows = 0; rows <= 70; ++rows) {
    expect_all(Case<T>({rows, 8, 9, 9, 8, rows % 2 == 0, true}, rows + 1));
  }
}

TYPED_TEST(Perceptron, EqualsTheReferenceAtEveryNumberOfRows) {
  on_every_instruction_set(expect_all_at_every_number_of_rows<TypeParam>);
}

template <class T>
void expect_all_at_every_width() {
  for (std::int64_t width = 1; width <= 70; ++width) {
    expect_all(Case<T>({13, width, 0, 5, 4, false, true}, width));
    expect_all(Case<T>({13, 3, width, 4, 5, true, false}, width));
    expect_all(Case<T>({13, 4, 2, width, 3, true, true}, width));
    expect_all(Case<T>({13, 2, 4, 7, width, false, false}, width));
  }
}

TYPED_TEST(Perceptron, EqualsTheReferenceAtEveryWidth) {
  on_every_instruction_set(expect_all_at_every_width<TypeParam>);
}

TYPED_TEST(Perceptron, EqualsTheReferenceOverSeveralChunks) {
  expect_all(Case<TypeParam>({2500, 8, 9, 9, 8, true, true}, 1));
  expect_all(Case<TypeParam>({1025, 33, 33, 33, 33, true, true}, 2));
}

TYPED_TEST(Perceptron, WritesOnlyTheGradientsThatAreWanted) {
  using T = TypeParam;
  const Case<T> at({100, 5, 4, 6, 3, true, true}, 1);
  Results<T> all = compute(at);
  Results<T> some(at.shape);
  perceptron_backward<T>(at.input(), at.weights(), &at.dy[1], {nullptr, some.b.data()});
  EXPECT_EQ(some.b.memory, all.b.memory);
  perceptron_backward<T>(at.input(), at.weights(), &at.dy[1], {nullptr, nullptr, nullptr, some.c1.data()});
  EXPECT_EQ(some.c1.memory, all.c1.memory);
  for (const auto* untouched : {&some.a, &some.w1, &some.w2, &some.c2}) {
    EXPECT_THAT(untouched->memory, Each(static_cast<T>(kGuard)));
  }
}

TYPED_TEST(Perceptron, ANonFiniteRowHarmsItsOwnOutputsAlone) {
  using T = TypeParam;
  Case<T> at({20, 5, 0, 6, 3, true, true}, 1);
  Results<T> clean = compute(at);
  at.a[1 + 7 * 5 + 2] = std::numeric_limits<T>::quiet_NaN();
  Results<T> dirty = compute(at);
  for (std::int64_t i = 0; i < 20 * 3; ++i) {
    if (i / 3 == 7) {
      EXPECT_TRUE(std::isnan(dirty.y.data()[i])) << "relu hid a NaN";
    } else {
      EXPECT_EQ(dirty.y.data()[i], clean.y.data()[i]);
    }
  }
  EXPECT_TRUE(std::isnan(dirty.w1.data()[2]));
}

TYPED_TEST(Perceptron, SameBitsForAnyNumberOfThreads) {
  const Case<TypeParam> at({5000, 8, 9, 9, 8, true, true}, 3);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  Results<TypeParam> one = compute(at);
  omp_set_num_threads(3);
  Results<TypeParam> three = compute(at);
  omp_set_num_threads(threads);
  EXPECT_EQ(one.y.memory, three.y.memory);
  EXPECT_EQ(one.a.memory, three.a.memory);
  EXPECT_EQ(one.b.memory, three.b.memory);
  EXPECT_EQ(one.w1.memory, three.w1.memory);
  EXPECT_EQ(one.c1.memory, three.c1.memory);
  EXPECT_EQ(one.w2.memory, three.w2.memory);
  EXPECT_EQ(one.c2.memory, three.c2.memory);
}

TYPED_TEST(Perceptron, NoRowsGiveZeroWeightGradients) {
  Results<TypeParam> got = compute(Case<TypeParam>({0, 5, 0, 6, 3, true, true}, 1));
  for (Guarded<TypeParam>* zero : {&got.w1, &got.c1, &got.w2, &got.c2}) {
    EXPECT_TRUE(std::all_of(zero->data(), zero->data() + zero->memory.size() - 2, [](auto x) { return x == 0; }));
  }
}

TYPED_TEST(Perceptron, RefusesEmptyLayers) {
  const Case<TypeParam> at({3, 5, 0, 6, 3, true, true}, 1);
  Results<TypeParam> results(at.shape);
  PerceptronWeights<TypeParam> weights = at.weights();
  weights.hidden = 0;
  try {
    perceptron_forward(at.input(), weights, results.y.data());
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("[kernel::perceptron_forward] hidden = 0 violates >= 1"));
  }
}

}  // namespace
}  // namespace fathom::kernel
