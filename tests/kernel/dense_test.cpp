#include "fathom/kernel/dense.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <thread>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "tests/kernel/activation_reference.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

constexpr Activation kBounded[] = {Activation::identity, Activation::relu, Activation::tanh,     Activation::sigmoid,
                                   Activation::gelu,     Activation::silu, Activation::gelu_tanh};

// `count` normal numbers that begin `shift` numbers off a vector's boundary.
template <class T>
class Normals {
 public:
  Normals(std::int64_t count, std::uint64_t seed, double scale = 1, std::int64_t shift = 1)
      : shift_(shift), memory_(count + shift) {
    base::Random random(seed);
    for (T& value : memory_) value = static_cast<T>(scale * random.normal());
  }
  T* data() { return memory_.data() + shift_; }
  const T* data() const { return memory_.data() + shift_; }
  T operator[](std::int64_t i) const { return memory_[shift_ + i]; }
  friend bool operator==(const Normals&, const Normals&) = default;

 private:
  std::int64_t shift_;
  std::vector<T> memory_;
};

template <class T>
struct Case {
  using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;
  static constexpr double u = std::numeric_limits<T>::epsilon() / 2;

  std::int64_t n, inputs, outputs;
  Normals<T> weight, c, y, g, upstream, w;
  std::vector<std::int64_t> sample;

  Case(std::int64_t rows, std::int64_t in, std::int64_t out)
      : n(rows),
        inputs(in),
        outputs(out),
        weight(out * in, 1, 1 / std::sqrt(static_cast<double>(in))),
        c((rows + 2) * out, 2),
        y(rows * in, 3, 1, 3),
        g(rows * out, 4),
        upstream(rows * out, 5, 1, 2),
        w(rows * in, 6) {
    for (std::int64_t i = 0; i < n; ++i) sample.push_back((i * 7 + 3) % (n + 2));
  }
  Dense<T> dense(Activation act) const { return Dense<T>(weight.data(), outputs, inputs, act); }
  DenseRows<T> rows() const { return {n, c.data(), sample.data()}; }

  // The argument of act, and how far a sum of products in any order is from it.
  struct Sum {
    Wide exact = 0, bound = 0;
  };
  Sum argument(std::int64_t i, std::int64_t j) const {
    Wide sum = c[sample[i] * outputs + j], size = std::abs(sum);
    for (std::int64_t k = 0; k < inputs; ++k) {
      const Wide term = Wide{y[i * inputs + k]} * weight[j * inputs + k];
      sum += term;
      size += std::abs(term);
    }
    return {sum, (static_cast<Wide>(inputs) + 2) * u * size};
  }
};

template <class T>
void check_values(const Case<T>& at, Activation act) {
  constexpr double kSteepest = 1.13;  // of all kBounded
  for (std::int64_t i = 0; i < at.n; ++i) {
    for (std::int64_t j = 0; j < at.outputs; ++j) {
      const auto sum = at.argument(i, j);
      const auto exact = reference(act, sum.exact);
      const auto rounding =
          value_bound<T>(act, std::abs(sum.exact) + sum.bound, std::abs(exact) + kSteepest * sum.bound);
      ASSERT_LE(std::abs(at.g[i * at.outputs + j] - exact), kSteepest * sum.bound + rounding) << i << ", " << j;
    }
  }
}

template <class T>
void check_gradient(const Case<T>& at, Activation act) {
  using Wide = typename Case<T>::Wide;
  constexpr double kMostCurved = 0.8;  // |act''| of gelu and silu
  std::vector<Wide> exact(at.n * at.inputs), bound(at.n * at.inputs);
  for (std::int64_t i = 0; i < at.n; ++i) {
    for (std::int64_t j = 0; j < at.outputs; ++j) {
      const std::int64_t ij = i * at.outputs + j;
      const auto sum = at.argument(i, j);
      const bool given = slope_from_output(act);
      const Wide v = at.upstream[ij] * slope(act, given ? Wide{at.g[ij]} : sum.exact);
      const Wide error = std::abs(Wide{at.upstream[ij]}) *
                         ((slope_bound(act) + 2) * at.u + (given ? Wide{0} : kMostCurved * sum.bound));
      for (std::int64_t k = 0; k < at.inputs; ++k) {
        const Wide weight = at.weight[j * at.inputs + k];
        exact[i * at.inputs + k] += v * weight;
        bound[i * at.inputs + k] +=
            (error + (static_cast<Wide>(at.outputs) + 2) * at.u * (std::abs(v) + error)) * std::abs(weight);
      }
    }
    for (std::int64_t k = i * at.inputs; k < (i + 1) * at.inputs; ++k) {
      ASSERT_LE(std::abs(at.w[k] - exact[k]), bound[k]) << i << ", " << k;
    }
  }
}

template <class T>
void check(std::int64_t rows, std::int64_t inputs, std::int64_t outputs, Activation act) {
  SCOPED_TRACE(testing::Message() << rows << " rows, " << inputs << " -> " << outputs << ", " << static_cast<int>(act));
  Case<T> at(rows, inputs, outputs);
  const Dense<T> dense = at.dense(act);
  dense.evaluate(at.rows(), at.y.data(), at.g.data());
  check_values(at, act);
  dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.w.data());
  check_gradient(at, act);
}

template <class T>
class DenseKernel : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(DenseKernel, Types);

TYPED_TEST(DenseKernel, MatchesTheReferenceAtEveryWidth) {
  on_every_instruction_set([] {
    for (std::int64_t width = 1; width <= 70; ++width) check<TypeParam>(2, 5, width, Activation::identity);
    for (std::int64_t width = 1; width <= 70; ++width) check<TypeParam>(2, width, 5, Activation::identity);
    for (const std::int64_t width : {127, 128, 133}) check<TypeParam>(3, width, width, Activation::identity);
  });
}

TYPED_TEST(DenseKernel, MatchesTheReferenceAtEveryNumberOfRows) {
  on_every_instruction_set([] {
    for (std::int64_t rows = 0; rows <= 20; ++rows) check<TypeParam>(rows, 7, 37, Activation::tanh);
    check<TypeParam>(300, 3, 5, Activation::gelu);  // more than are pulled back at a time
  });
}

TYPED_TEST(DenseKernel, MatchesTheReferenceWithEveryActivation) {
  on_every_instruction_set([] {
    for (const Activation act : kBounded) check<TypeParam>(7, 33, 41, act);
  });
}

TYPED_TEST(DenseKernel, RowsHaveTheSameBitsAloneAndInAnyBatch) {
  using T = TypeParam;
  on_every_instruction_set([] {
    for (const Activation act : {Activation::tanh, Activation::gelu}) {
      Case<T> at(23, 50, 77);
      const Dense<T> dense = at.dense(act);
      dense.evaluate(at.rows(), at.y.data(), at.g.data());
      dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.w.data());
      std::vector<T> g(at.outputs), w(at.inputs);
      for (std::int64_t i = 0; i < at.n; ++i) {
        const DenseRows<T> row{1, at.c.data(), &at.sample[i]};
        const T* y = at.y.data() + i * at.inputs;
        dense.evaluate(row, y, g.data());
        dense.vjp(row, y, g.data(), at.upstream.data() + i * at.outputs, w.data());
        for (std::int64_t j = 0; j < at.outputs; ++j) ASSERT_EQ(g[j], at.g[i * at.outputs + j]);
        for (std::int64_t k = 0; k < at.inputs; ++k) ASSERT_EQ(w[k], at.w[i * at.inputs + k]);
      }
    }
  });
}

TYPED_TEST(DenseKernel, ThreadsDoNotChangeAnyBit) {
  using T = TypeParam;
  Case<T> alone(130, 160, 200);  // enough work to go parallel
  Case<T> together = alone;
  for (Case<T>* at : {&alone, &together}) {
    omp_set_num_threads(at == &alone ? 1 : 2);
    const Dense<T> dense = at->dense(Activation::silu);
    dense.evaluate(at->rows(), at->y.data(), at->g.data());
    dense.vjp(at->rows(), at->y.data(), at->g.data(), at->upstream.data(), at->w.data());
  }
  omp_set_num_threads(1);
  EXPECT_TRUE(alone.g == together.g);
  EXPECT_TRUE(alone.w == together.w);
}

TYPED_TEST(DenseKernel, MayBeCalledFromSeveralThreads) {
  using T = TypeParam;
  const Case<T> expected = [] {
    Case<T> at(9, 30, 40);
    const Dense<T> dense = at.dense(Activation::gelu);
    dense.evaluate(at.rows(), at.y.data(), at.g.data());
    dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.w.data());
    return at;
  }();
  const Dense<T> dense = expected.dense(Activation::gelu);
  std::vector<Case<T>> cases(4, Case<T>(9, 30, 40));
  std::vector<std::thread> threads;
  for (Case<T>& at : cases) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) {
        dense.evaluate(at.rows(), at.y.data(), at.g.data());
        dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.w.data());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Case<T>& at : cases) EXPECT_TRUE(at.g == expected.g && at.w == expected.w);
}

TYPED_TEST(DenseKernel, GradientsMayReplaceTheirUpstream) {
  using T = TypeParam;
  for (const Activation act : {Activation::tanh, Activation::silu}) {
    Case<T> at(300, 20, 20);
    const Dense<T> dense = at.dense(act);
    dense.evaluate(at.rows(), at.y.data(), at.g.data());
    dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.w.data());
    dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.upstream.data());
    for (std::int64_t i = 0; i < 300 * 20; ++i) ASSERT_EQ(at.upstream[i], at.w[i]);
  }
}

TYPED_TEST(DenseKernel, NoSamplesMeansOneForEachRowAndNoInjectionMeansZero) {
  using T = TypeParam;
  Case<T> at(300, 10, 11);
  std::iota(at.sample.begin(), at.sample.end(), 0);
  const Dense<T> dense = at.dense(Activation::gelu);
  dense.evaluate(at.rows(), at.y.data(), at.g.data());
  dense.vjp(at.rows(), at.y.data(), at.g.data(), at.upstream.data(), at.w.data());
  Case<T> same = at;
  dense.evaluate({at.n, at.c.data()}, at.y.data(), same.g.data());
  dense.vjp({at.n, at.c.data()}, at.y.data(), at.g.data(), at.upstream.data(), same.w.data());
  EXPECT_TRUE(same.g == at.g && same.w == at.w);

  at.c = Normals<T>(302 * 11, 1, 0);
  dense.evaluate(at.rows(), at.y.data(), at.g.data());
  dense.evaluate({at.n}, at.y.data(), same.g.data());
  EXPECT_TRUE(same.g == at.g);
}

TEST(DenseLayer, RefusesEmptyLayers) {
  EXPECT_THROW(Dense<float>(nullptr, 0, 3, Activation::tanh), Error);
  EXPECT_THROW(Dense<double>(nullptr, 3, 0, Activation::tanh), Error);
}

}  // namespace
}  // namespace fathom::kernel
