#include "fathom/io/tensor_record.h"

#include <cmath>
#include <limits>

#include "tests/io/expect_refusal.h"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace fathom::io {
namespace {

using testing::HasSubstr;

TEST(TensorRecordTest, EveryTypeHoldsItsValues) {
  const std::vector<double> values = {0, 1, 0, 1, 1, 0};
  for (const DType dtype : {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64, DType::i32, DType::i16,
                            DType::i8, DType::u8, DType::boolean}) {
    const TensorRecord tensor = from_doubles("x", {2, 3}, values, dtype);
    EXPECT_EQ(tensor.bytes.size(), 6 * size_of(dtype));
    EXPECT_EQ(element_count(tensor), 6);
    EXPECT_EQ(to_doubles(tensor), values) << name_of(dtype);
    if (is_float(dtype))
      EXPECT_THAT(refusal([&] { to_int64s(tensor); }), HasSubstr("not an integer"));
    else
      EXPECT_EQ(to_int64s(tensor), std::vector<std::int64_t>({0, 1, 0, 1, 1, 0}));
  }
}

TEST(TensorRecordTest, IntegersRefuseWhatTheyCannotHold) {
  const auto store = [](double value, DType dtype) { return refusal([&] { from_doubles("x", {}, {value}, dtype); }); };
  EXPECT_EQ(store(127, DType::i8), "no error");
  EXPECT_EQ(store(-128, DType::i8), "no error");
  EXPECT_EQ(store(255, DType::u8), "no error");
  EXPECT_THAT(store(128, DType::i8), HasSubstr("value = 128 is no integer of 1 bytes"));
  EXPECT_THAT(store(-1, DType::u8), HasSubstr("is no integer"));
  EXPECT_THAT(store(0.5, DType::i32), HasSubstr("is no integer"));
  EXPECT_THAT(store(9223372036854775808.0, DType::i64), HasSubstr("is no integer"));
  EXPECT_THAT(store(std::nan(""), DType::i16), HasSubstr("is no integer"));
  EXPECT_THAT(store(2, DType::boolean), HasSubstr("is not a bool"));
}

TEST(TensorRecordTest, ShapeAndValuesMustAgree) {
  EXPECT_THAT(refusal([] { from_doubles("x", {2, 2}, {1, 2, 3}); }), HasSubstr("shape = [2, 2] of 'x'"));
  EXPECT_THAT(refusal([] { from_int64s("x", {-1}, {1}); }), HasSubstr("shape = [-1]"));
  const TensorRecord broken{"x", DType::f32, {2}, "123"};
  EXPECT_THAT(refusal([&] { to_doubles(broken); }), HasSubstr("holds 3 bytes"));
}

TEST(TensorRecordTest, LargeIntegersAreNotSilentlyRounded) {
  const std::int64_t large = (std::int64_t{1} << 53) + 1;
  const TensorRecord tensor = from_int64s("x", {1}, {large});
  EXPECT_EQ(to_int64s(tensor), std::vector<std::int64_t>{large});
  EXPECT_THAT(refusal([&] { to_doubles(tensor); }), HasSubstr("beyond 2^53"));
}

TEST(TensorRecordTest, FloatsRoundToNearest) {
  const TensorRecord tensor = from_doubles("x", {2}, {0.1, 1e300}, DType::f32);
  EXPECT_EQ(to_doubles(tensor)[0], static_cast<double>(0.1f));
  EXPECT_EQ(to_doubles(tensor)[1], std::numeric_limits<double>::infinity());
}

RC_GTEST_PROP(TensorRecordProperty, DoublesComeBack, (std::vector<double> values)) {
  RC_ASSERT(to_doubles(from_doubles("x", {static_cast<std::int64_t>(values.size())}, values)) == values);
}

RC_GTEST_PROP(TensorRecordProperty, IntegersComeBack, (std::vector<std::int64_t> values)) {
  RC_ASSERT(to_int64s(from_int64s("x", {static_cast<std::int64_t>(values.size())}, values)) == values);
}

}  // namespace
}  // namespace fathom::io
