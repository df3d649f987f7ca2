#include "fathom/tensor/convert.h"

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::tensor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Convert, DoublesSurviveTheRoundTrip) {
  const std::vector<double> values{1, -2.5, 1e300, 0.1, 5, 6};
  EXPECT_EQ(to_doubles(from_doubles(values, {2, 3}, at::kDouble)), values);
  EXPECT_EQ(from_doubles(values, {2, 3}, at::kDouble).sizes(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(from_doubles({.1}, {1}).scalar_type(), at::kFloat);
}

TEST(Convert, ToDoublesReadsAnyDtypeAndLayoutRowMajor) {
  const Tensor ints = at::arange(6).view({2, 3});
  EXPECT_THAT(to_doubles(ints.t()), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(to_doubles(at::full({2}, 1.5).to(at::kBFloat16)), ElementsAre(1.5, 1.5));
  EXPECT_THAT(to_doubles(at::ones({1}).requires_grad_(true)), ElementsAre(1));
  EXPECT_TRUE(to_doubles(at::zeros({0, 3})).empty());
}

TEST(Convert, Int64s) {
  const Tensor index = from_int64s({3, 1, 2}, {3});
  EXPECT_EQ(index.scalar_type(), at::kLong);
  EXPECT_THAT(to_doubles(index), ElementsAre(3, 1, 2));
  EXPECT_EQ(from_int64s({}, {0}).numel(), 0);
}

TEST(Convert, AWrongNumberOfValuesIsRefused) {
  try {
    from_doubles({1, 2, 3}, {2, 2});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("3 values do not fill a shape of 4 elements"));
  }
}

TEST(Convert, DtypesByName) {
  EXPECT_EQ(dtype_of("float32"), at::kFloat);
  EXPECT_EQ(dtype_of("float64"), at::kDouble);
  EXPECT_EQ(dtype_of("bfloat16"), at::kBFloat16);
  EXPECT_EQ(dtype_of("int64"), at::kLong);
  try {
    dtype_of("float");
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("dtype = 'float' violates float32|float64|"));
  }
}

}  // namespace
}  // namespace fathom::tensor
