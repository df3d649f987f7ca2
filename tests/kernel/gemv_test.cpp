#include "fathom/kernel/gemv.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

using testing::HasSubstr;

std::vector<float> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(random.normal());
  return x;
}

constexpr WeightFormat kFormats[] = {WeightFormat::bf16, WeightFormat::int8, WeightFormat::int4, WeightFormat::f32};
// Levels on either side of zero of a format of whole numbers; 0 of the others.
double levels(WeightFormat format) { return format == WeightFormat::int8 ? 127 : format == WeightFormat::int4 ? 7 : 0; }
constexpr double kUnit = std::numeric_limits<float>::epsilon() / 2;

struct Case {
  std::int64_t rows, outputs, inputs;
  std::vector<float> weight, bias, c, x, u;

  Case(std::int64_t n, std::int64_t out, std::int64_t in)
      : rows(n),
        outputs(out),
        inputs(in),
        weight(normals(out * in, 1)),
        bias(normals(out, 2)),
        c(normals(n * out, 3)),
        x(normals(n * in, 4)),
        u(normals(n * out, 5)) {}
  Gemv gemv(WeightFormat format, Activation act = Activation::identity) const {
    return {format, weight.data(), outputs, inputs, bias.data(), act};
  }
};

TEST(Bf16Format, RoundsToNearestTiesToEven) {
  EXPECT_EQ(from_bf16(to_bf16(1.0f)), 1.0f);
  EXPECT_EQ(from_bf16(to_bf16(-0.0f)), 0.0f);
  EXPECT_TRUE(std::signbit(from_bf16(to_bf16(-0.0f))));
  EXPECT_EQ(from_bf16(to_bf16(1 + 0x1p-8f)), 1.0f);             // a tie, down to even
  EXPECT_EQ(from_bf16(to_bf16(1 + 3 * 0x1p-8f)), 1 + 0x1p-6f);  // a tie, up to even
  EXPECT_EQ(from_bf16(to_bf16(1 + 0x1.01p-8f)), 1 + 0x1p-7f);   // above a tie
  EXPECT_EQ(from_bf16(to_bf16(std::numeric_limits<float>::max())), std::numeric_limits<float>::infinity());
  EXPECT_EQ(from_bf16(to_bf16(-std::numeric_limits<float>::infinity())), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::bit_cast<float>(0x7f800001u)))));
}

TEST(Bf16Format, IsWithinItsBound) {
  const Case at(1, 5, 300);
  const Gemv gemv = at.gemv(WeightFormat::bf16);
  for (std::int64_t o = 0; o < at.outputs; ++o) {
    for (std::int64_t k = 0; k < at.inputs; ++k) {
      const double w = at.weight[o * at.inputs + k];
      ASSERT_LE(std::abs(gemv.weight(o, k) - w), std::abs(w) * 0x1p-8);
    }
  }
}

void expect_within_half_a_step(const Case& at, WeightFormat format) {
  const Gemv gemv = at.gemv(format);
  for (std::int64_t o = 0; o < at.outputs; ++o) {
    for (std::int64_t first = 0; first < at.inputs; first += kGemvChunk) {
      const std::int64_t last = std::min(at.inputs, first + kGemvChunk);
      double largest = 0;
      for (std::int64_t k = first; k < last; ++k)
        largest = std::max(largest, std::abs(double{at.weight[o * at.inputs + k]}));
      const double step = largest / levels(format);
      for (std::int64_t k = first; k < last; ++k)
        ASSERT_LE(std::abs(gemv.weight(o, k) - double{at.weight[o * at.inputs + k]}), (0.5 + 0x1p-15) * step);
    }
  }
}

TEST(WholeNumberFormats, AreWithinHalfAStepOfTheirGroup) {
  Case at(1, 3, 300);
  for (std::int64_t k = 128; k < 256; ++k) at.weight[at.inputs + k] = 0;  // a group of zeros
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::int4}) expect_within_half_a_step(at, format);
}

TEST(WholeNumberFormats, HoldTheirOwnNumbersExactly) {
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::int4}) {
    const int most = static_cast<int>(levels(format));
    Case at(1, 2, 260);
    for (std::size_t i = 0; i < at.weight.size(); ++i)
      at.weight[i] = 0.25f * static_cast<float>(static_cast<int>(i % (2 * most + 1)) - most);
    for (int c = 0; c < 3; ++c) at.weight[c * 128] = at.weight[260 + c * 128] = 0.25f * static_cast<float>(most);
    const Gemv gemv = at.gemv(format);
    for (std::int64_t o = 0; o < 2; ++o) {
      for (std::int64_t k = 0; k < 260; ++k) ASSERT_EQ(gemv.weight(o, k), at.weight[o * 260 + k]);
    }
  }
}

TEST(WholeNumberFormats, RefuseWhatIsNotFinite) {
  Case at(1, 2, 3);
  at.weight[4] = std::numeric_limits<float>::infinity();
  for (const WeightFormat format : {WeightFormat::int8, WeightFormat::int4}) {
    try {
      at.gemv(format);
      ADD_FAILURE() << "expected an error";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("[kernel::Gemv] weight = inf violates finite"));
    }
  }
}

// 23 s of the group of W(o, k).
double int4_magnitude(const Case& at, std::int64_t o, std::int64_t k) {
  const std::int64_t first = k / kGemvChunk * kGemvChunk, last = std::min(at.inputs, first + kGemvChunk);
  double largest = 0;
  for (std::int64_t i = first; i < last; ++i)
    largest = std::max(largest, std::abs(double{at.weight[o * at.inputs + i]}));
  return 23 * largest / 7;
}

void expect_product(const Case& at, const Gemv& gemv, WeightFormat format) {
  std::vector<float> y(at.rows * at.outputs + 1, -77);
  std::vector<std::int64_t> sample(at.rows);
  std::iota(sample.rbegin(), sample.rend(), 0);  // c in reverse order
  gemv.evaluate(at.rows, at.x.data(), y.data(), {at.c.data(), sample.data()});
  const double roundings = static_cast<double>(at.inputs) + (levels(format) > 0 ? 8 : 4);
  for (std::int64_t r = 0; r < at.rows; ++r) {
    for (std::int64_t o = 0; o < at.outputs; ++o) {
      const double c = at.c[sample[r] * at.outputs + o];
      double sum = double{at.bias[o]} + c, magnitude = std::abs(double{at.bias[o]}) + std::abs(c);
      for (std::int64_t k = 0; k < at.inputs; ++k) {
        const double term = double{at.x[r * at.inputs + k]} * double{gemv.weight(o, k)};
        sum += term;
        magnitude += format == WeightFormat::int4 ? std::abs(at.x[r * at.inputs + k]) * int4_magnitude(at, o, k)
                                                  : std::abs(term);
      }
      ASSERT_LE(std::abs(y[r * at.outputs + o] - sum), roundings * kUnit * magnitude) << "row " << r << " output " << o;
    }
  }
  EXPECT_EQ(y.back(), -77) << "wrote beyond the end";
}

void expect_vjp(const Case& at, const Gemv& gemv, WeightFormat format) {
  std::vector<float> w(at.rows * at.inputs + 1, -77);
  gemv.vjp(at.rows, at.u.data(), w.data());
  const double roundings = static_cast<double>(at.outputs) + (levels(format) > 0 ? 8 : 4);
  for (std::int64_t r = 0; r < at.rows; ++r) {
    for (std::int64_t k = 0; k < at.inputs; ++k) {
      double sum = 0, magnitude = 0;
      for (std::int64_t o = 0; o < at.outputs; ++o) {
        const double term = double{at.u[r * at.outputs + o]} * double{gemv.weight(o, k)};
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_LE(std::abs(w[r * at.inputs + k] - sum), roundings * kUnit * magnitude) << "row " << r << " input " << k;
    }
  }
  EXPECT_EQ(w.back(), -77) << "wrote beyond the end";
}

void expect_all(const Case& at) {
  for (const WeightFormat format : kFormats) {
    SCOPED_TRACE(testing::Message() << at.rows << " rows, " << at.inputs << " -> " << at.outputs << " format "
                                    << static_cast<int>(format));
    const Gemv gemv = at.gemv(format);
    expect_product(at, gemv, format);
    expect_vjp(at, gemv, format);
  }
}

TEST(Gemv, EqualsThePlainSumAtEverySize) {
  on_every_instruction_set([] {
    for (std::int64_t size = 1; size <= 40; ++size) expect_all({2, size, 7});
    for (const std::int64_t inputs : {1, 2, 31, 32, 33, 127, 128, 129, 255, 256, 257, 400}) expect_all({1, 6, inputs});
    for (std::int64_t rows = 0; rows <= 9; ++rows) expect_all({rows, 13, 150});
  });
}

TEST(Gemv, EqualsThePlainSumOverManyBlocksAndChunks) {
  expect_all({3, 301, 2500});
  expect_all({41, 70, 200});
}

TEST(Gemv, ARowHasTheSameBitsAloneAndInABatch) {
  on_every_instruction_set([] {
    const Case at(7, 21, 300);
    for (const WeightFormat format : kFormats) {
      const Gemv gemv = at.gemv(format, Activation::tanh);
      std::vector<float> y(at.rows * at.outputs), w(at.rows * at.inputs), one_y(at.outputs), one_w(at.inputs);
      gemv.evaluate(at.rows, at.x.data(), y.data(), {at.c.data()});
      gemv.vjp(at.rows, at.u.data(), w.data());
      for (std::int64_t r = 0; r < at.rows; ++r) {
        gemv.evaluate(1, &at.x[r * at.inputs], one_y.data(), {at.c.data(), &r});
        gemv.vjp(1, &at.u[r * at.outputs], one_w.data());
        EXPECT_TRUE(std::equal(one_y.begin(), one_y.end(), y.begin() + r * at.outputs));
        EXPECT_TRUE(std::equal(one_w.begin(), one_w.end(), w.begin() + r * at.inputs));
      }
    }
  });
}

TEST(Gemv, SameBitsForAnyNumberOfThreads) {
  const Case at(2, 301, 4500);
  const int threads = omp_get_max_threads();
  for (const WeightFormat format : kFormats) {
    std::vector<std::vector<float>> results;
    for (const int count : {1, 3}) {
      omp_set_num_threads(count);
      const Gemv gemv = at.gemv(format);
      results.emplace_back(at.rows * (at.outputs + at.inputs));
      gemv.evaluate(at.rows, at.x.data(), results.back().data());
      gemv.vjp(at.rows, at.u.data(), results.back().data() + at.rows * at.outputs);
    }
    EXPECT_EQ(results[0], results[1]);
  }
  omp_set_num_threads(threads);
}

TEST(Gemv, AppliesTheActivationToItsArgument) {
  const Case at(3, 10, 20);
  for (const Activation act : {Activation::relu, Activation::gelu, Activation::silu}) {
    const Gemv gemv = at.gemv(WeightFormat::bf16, act);
    std::vector<float> y(30), argument(30);
    gemv.evaluate(3, at.x.data(), y.data(), {at.c.data()});
    gemv.argument(3, at.x.data(), argument.data(), {at.c.data()});
    activate<float>(act, argument, argument.data());
    EXPECT_EQ(y, argument);
  }
}

TEST(Gemv, ANonFiniteRowHarmsItselfAlone) {
  for (const WeightFormat format : kFormats) {
    Case at(3, 9, 140);
    const Gemv gemv = at.gemv(format);
    std::vector<float> clean(27), dirty(27);
    gemv.evaluate(3, at.x.data(), clean.data());
    at.x[140 + 3] = std::numeric_limits<float>::quiet_NaN();
    gemv.evaluate(3, at.x.data(), dirty.data());
    for (int i = 0; i < 27; ++i) {
      if (i / 9 == 1) {
        EXPECT_TRUE(std::isnan(dirty[i]));
      } else {
        EXPECT_EQ(dirty[i], clean[i]);
      }
    }
  }
}

TEST(Gemv, SaysHowManyBytesItReads) {
  const Case at(1, 8, 256);
  EXPECT_EQ(at.gemv(WeightFormat::bf16).bytes(), 2u * 8 * 256);
  EXPECT_EQ(at.gemv(WeightFormat::int8).bytes(), 8u * 256 + 4 * 8 * 2);
  EXPECT_EQ(at.gemv(WeightFormat::int4).bytes(), 8u * 256 / 2 + 4 * 8 * 2);
  EXPECT_EQ(at.gemv(WeightFormat::f32).bytes(), 4u * 8 * 256);
}

TEST(Gemv, RefusesEmptyMatrices) {
  const float weight = 1;
  try {
    const Gemv gemv(WeightFormat::bf16, &weight, 1, 0);
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("[kernel::Gemv] inputs = 0 violates >= 1"));
  }
}

}  // namespace
}  // namespace fathom::kernel
