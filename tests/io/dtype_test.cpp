#include "fathom/io/dtype.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(HalfTest, DecodesKnownCodes) {
  EXPECT_EQ(decode_f16(0x3c00), 1);
  EXPECT_EQ(decode_f16(0xc000), -2);
  EXPECT_EQ(decode_f16(0x7bff), 65504);
  EXPECT_EQ(decode_f16(0x0001), std::ldexp(1, -24));
  EXPECT_EQ(decode_f16(0x0400), std::ldexp(1, -14));
  EXPECT_EQ(decode_f16(0xfc00), -kInfinity);
  EXPECT_TRUE(std::isnan(decode_f16(0x7e01)));
  EXPECT_TRUE(std::signbit(decode_f16(0x8000)));
  EXPECT_EQ(decode_bf16(0x3f80), 1);
  EXPECT_EQ(decode_bf16(0x4049), 3.140625);
  EXPECT_EQ(decode_bf16(0x0001), std::ldexp(1, -133));
  EXPECT_EQ(decode_bf16(0x7f80), kInfinity);
}

TEST(HalfTest, EveryCodeSurvivesDecodingAndEncoding) {
  for (int code = 0; code < 0x10000; ++code) {
    const auto c = static_cast<std::uint16_t>(code);
    if (!std::isnan(decode_f16(c))) {
      EXPECT_EQ(encode_f16(decode_f16(c)), c);
    }
    if (!std::isnan(decode_bf16(c))) {
      EXPECT_EQ(encode_bf16(decode_bf16(c)), c);
    }
  }
  EXPECT_TRUE(std::isnan(decode_f16(encode_f16(std::nan("")))));
  EXPECT_TRUE(std::isnan(decode_bf16(encode_bf16(-std::nan("")))));
}

TEST(HalfTest, TiesGoToEvenAndAreRoundedOnce) {
  EXPECT_EQ(encode_f16(1 + std::ldexp(1, -11)), 0x3c00);                       // tie, even below
  EXPECT_EQ(encode_f16(1 + 3 * std::ldexp(1, -11)), 0x3c02);                   // tie, even above
  EXPECT_EQ(encode_f16(1 + std::ldexp(1, -11) + std::ldexp(1, -40)), 0x3c01);  // lost if rounded to float first
  EXPECT_EQ(encode_bf16(1 + std::ldexp(1, -8) + std::ldexp(1, -40)), 0x3f81);
  EXPECT_EQ(encode_f16(std::ldexp(1, -25)), 0);  // tie with the least subnormal
  EXPECT_EQ(encode_f16(std::ldexp(1.5, -25)), 1);
  EXPECT_EQ(encode_f16(65519.99), 0x7bff);
  EXPECT_EQ(encode_f16(65520), 0x7c00);  // tie, the even one is infinity
  EXPECT_EQ(encode_bf16(1e39), 0x7f80);
  EXPECT_EQ(encode_f16(-5e-324), 0x8000);
}

// The encoded value is a nearest one: neither neighbour code is nearer.
void expect_nearest(double value, std::uint16_t code, double (*decode)(std::uint16_t)) {
  const double error = std::fabs(decode(code) - value);
  const std::uint16_t magnitude = code & 0x7fff, sign = code & 0x8000;
  if (magnitude > 0) RC_ASSERT(error <= std::fabs(decode(sign | (magnitude - 1)) - value));
  RC_ASSERT(error <= std::fabs(decode(sign | (magnitude + 1)) - value));
}

RC_GTEST_PROP(HalfProperty, EncodingIsNearest, (int scaled, int exponent)) {
  const double value = std::ldexp(scaled, -31 + exponent % 30);
  if (std::fabs(value) < 65504) expect_nearest(value, encode_f16(value), decode_f16);
  expect_nearest(value, encode_bf16(value), decode_bf16);
}

TEST(DTypeTest, ByteCountRefusesWhatDoesNotFit) {
  EXPECT_EQ(byte_count({}, DType::f64), 8u);
  EXPECT_EQ(byte_count({2, 3}, DType::i16), 12u);
  EXPECT_EQ(byte_count({2, 0, 5}, DType::f32), 0u);
  EXPECT_EQ(byte_count({-1}, DType::f32), std::nullopt);
  EXPECT_EQ(byte_count({std::int64_t{1} << 60, 2}, DType::f32), std::nullopt);
  EXPECT_EQ(byte_count({std::int64_t{1} << 32, std::int64_t{1} << 32}, DType::u8), std::nullopt);
}

TEST(DTypeTest, NamesAndSizes) {
  EXPECT_EQ(name_of(DType::bf16), "bf16");
  EXPECT_EQ(name_of(DType::boolean), "bool");
  EXPECT_EQ(size_of(DType::i64), 8u);
  EXPECT_EQ(size_of(DType::f16), 2u);
  EXPECT_TRUE(is_float(DType::f16));
  EXPECT_FALSE(is_float(DType::u8));
}

}  // namespace
}  // namespace fathom::io
