#include "fathom/domain/theory/expression.h"

#include <cmath>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/theory/target.h"

namespace fathom::theory {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <class Act>
std::string refusal(Act act) {
  try {
    act();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Expression, IsEvaluated) {
  const double x = 0.3;
  EXPECT_DOUBLE_EQ(Expression("sin(1/x)")(x), std::sin(1 / x));
  EXPECT_DOUBLE_EQ(Expression("1/x + 1/(x-1)")(x), 1 / x + 1 / (x - 1));
  EXPECT_DOUBLE_EQ(Expression("2*x^2 - exp(-x)")(x), 2 * x * x - std::exp(-x));
  EXPECT_DOUBLE_EQ(Expression("log(x) + cos(pi*x)")(x), std::log(x) + std::cos(M_PI * x));
  EXPECT_DOUBLE_EQ(Expression("ln(e)")(x), 1);
  EXPECT_DOUBLE_EQ(Expression("x < 0 ? -x : sqrt(x)")(x), std::sqrt(x));
  EXPECT_DOUBLE_EQ(Expression("x < 0 ? -x : sqrt(x)")(-x), x);
  EXPECT_FALSE(std::isfinite(Expression("1/x")(0)));
}

TEST(Expression, ThatDoesNotParseIsRefusedWithThePlace) {
  EXPECT_THAT(refusal([] { Expression("1/("); }),
              AllOf(HasSubstr("[theory::Expression] expression = '1/('"), HasSubstr("at character")));
  EXPECT_THAT(refusal([] { Expression("sin(z)"); }), HasSubstr("\"z\""));
  EXPECT_THAT(refusal([] { Expression("x, 2"); }), HasSubstr("comma"));
  EXPECT_THAT(refusal([] { Expression(""); }), HasSubstr("violates a formula in x"));
}

TEST(Expression, AsATargetMustBeFiniteWhereItIsProbed) {
  const auto target = [](ExpressionConfig own) { return make_target(std::string(kExpression), own); };
  EXPECT_THAT(refusal([&] { target({.expression = "log(x)", .low = -1, .high = 1, .poles = {0}}); }),
              AllOf(HasSubstr("violates finite on the probed set"), HasSubstr("at x = -1"), HasSubstr("target.low")));
  const Target sine = target({.expression = "sin(1/x)", .low = 0, .high = 1, .poles = {0}, .margin = 0.05});
  EXPECT_TRUE(sine.singular);
  EXPECT_FALSE(target({.expression = "x^2", .poles = {}}).singular);
}

}  // namespace
}  // namespace fathom::theory
