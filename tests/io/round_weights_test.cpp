#include "fathom/io/round_weights.h"

#include <cmath>
#include <limits>

#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(RoundWeights, MatricesOnlyAndTheErrorIsTheLargest) {
  const double third = 1 / 3.0, f32 = static_cast<float>(third);
  std::vector<TensorRecord> t = {
      from_doubles("matrix", {1, 2}, {third, 2}, DType::f32), from_doubles("bias", {2}, {third, 2}, DType::f32),
      from_doubles("kernel", {1, 2}, {third, 2}, DType::f64), from_int64s("table", {1, 2}, {3, 4})};
  const std::vector<TensorRecord> before = t;
  const Rounding rounding = round_weights(t, DType::f16);
  EXPECT_EQ(rounding.tensors, 1);
  EXPECT_EQ(t[0], from_doubles("matrix", {1, 2}, {f32, 2}, DType::f16));
  EXPECT_EQ(rounding.error, std::abs(to_doubles(t[0])[0] - f32));
  EXPECT_GT(rounding.error, 0);
  for (std::size_t i = 1; i < t.size(); ++i) EXPECT_EQ(t[i], before[i]);
}

// f16 has 10 bits after the first and bf16 7: half a unit of the last, or of the least there is (2^-24 for f16).
RC_GTEST_PROP(RoundWeights, StaysWithinHalfAUnitAndWideningGivesItBack, ()) {
  const auto numbers = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-60000, 60000)));
  const int scale = *rc::gen::inRange(-20, 1);
  std::vector<double> values;
  for (const int number : numbers) values.push_back(std::ldexp(number, scale));
  const std::vector<std::int64_t> shape = {1, static_cast<std::int64_t>(values.size())};
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  for (const auto& [format, bits] : {std::pair{DType::f16, 11}, std::pair{DType::bf16, 8}}) {
    std::vector<TensorRecord> t = {from_doubles("w", shape, values, DType::f32)};
    const Rounding there = round_weights(t, format);
    RC_ASSERT(there.error <= std::max(std::ldexp(largest, -bits), std::ldexp(1, -25)));
    const std::vector<TensorRecord> rounded = t;
    RC_ASSERT(round_weights(t, DType::f32).error == 0);
    RC_ASSERT(round_weights(t, format).error == 0);
    RC_ASSERT(t == rounded);
  }
}

TEST(RoundWeights, RefusesWhatTheFormatCannotHoldAndChangesNothing) {
  std::vector<TensorRecord> t = {from_doubles("a", {1, 1}, {0.1}, DType::f32),
                                 from_doubles("b", {1, 2}, {1, 7e4}, DType::f32)};
  const std::vector<TensorRecord> before = t;
  EXPECT_THAT(refusal([&] { round_weights(t, DType::f16); }), HasSubstr("'b'[1] = 70000 violates <= the largest f16"));
  EXPECT_EQ(t, before);
  EXPECT_THAT(refusal([&] { round_weights(t, DType::i8); }), HasSubstr("dtype = i8 violates f32|f16|bf16"));
  EXPECT_EQ(round_weights(t, DType::bf16).tensors, 2);
}

TEST(RoundWeights, InfinitiesAndNaNStay) {
  std::vector<TensorRecord> t = {from_doubles("a", {1, 2}, {kInfinity, std::nan("")}, DType::f32)};
  EXPECT_EQ(round_weights(t, DType::f16).error, 0);
  EXPECT_EQ(to_doubles(t[0])[0], kInfinity);
  EXPECT_TRUE(std::isnan(to_doubles(t[0])[1]));
}

}  // namespace
}  // namespace fathom::io
