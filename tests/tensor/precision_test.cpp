#include "fathom/tensor/precision.h"

#include <stdexcept>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/tensor/autograd.h"

namespace fathom::tensor {
namespace {

using testing::HasSubstr;

constexpr double kUnit = 0x1p-8;  // bfloat16: largest relative error of one rounding

struct Cell {
  Tensor weight, injection;

  explicit Cell(at::ScalarType type = at::kFloat) {
    at::manual_seed(3);
    weight = .1 * at::randn({64, 64}, type);
    injection = at::randn({16, 64}, type);
  }
  Map map() const {
    return Map(
        [*this](const Tensor& y, const Rows& rows) { return at::tanh(at::addmm(rows.of(injection), y, weight)); });
  }
};

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(InPrecision, IsGToTheRoundingOfBfloat16AndNoCloser) {
  const Cell cell;
  const Tensor y = at::randn({16, 64});
  const Tensor low = in_precision(cell.map(), at::kBFloat16)(y).only();
  const Tensor exact =
      at::tanh(at::addmm(cell.injection.to(at::kDouble), y.to(at::kDouble), cell.weight.to(at::kDouble)));
  // y, W and the injection rounded once, the sum and its tanh once more; products of two errors are below u.
  const Tensor sizes = at::addmm(cell.injection.abs(), y.abs(), cell.weight.abs()).to(at::kDouble);
  const Tensor error = (low.to(at::kDouble) - exact).abs();
  EXPECT_TRUE((error <= 4 * kUnit * sizes + 2 * kUnit).all().item<bool>());
  EXPECT_GT(error.max().item<double>(), kUnit / 8) << "it was not evaluated in bfloat16";
}

TEST(InPrecision, KeepsDtypeLayoutAndRowsOfTheState) {
  const Cell cell;
  const Map low = in_precision(cell.map(), at::kBFloat16);
  EXPECT_EQ(low.precision(), at::kBFloat16);
  EXPECT_EQ(cell.map().precision(), at::ScalarType::Undefined);
  EXPECT_TRUE(low.compactable());
  EXPECT_FALSE(in_precision(Map([](const Tensor& y) { return y; }), at::kBFloat16).compactable());
  const Tensor y = at::randn({16, 64});
  const Tensor all = low(y).only();
  EXPECT_EQ(all.scalar_type(), at::kFloat);
  const Tensor some = at::tensor(std::vector<std::int64_t>{3, 7});
  EXPECT_TRUE(
      at::allclose(low(y.index_select(0, some), Rows(some)).only(), all.index_select(0, some), 2 * kUnit, 2 * kUnit));
  const Map two([](const State& s, const Rows&) { return State({.5 * s[0], s[1] + 1}); });
  const State g = in_precision(two, at::kBFloat16)(State({y, y.slice(1, 0, 3)}));
  EXPECT_EQ(g[0].scalar_type(), at::kFloat);
  EXPECT_EQ(g[1].sizes(), (std::vector<std::int64_t>{16, 3}));
}

TEST(InPrecision, DoubleStateOnFloatWeights) {
  const Cell cell;
  const Tensor y = at::randn({16, 64}, at::kDouble);
  const Tensor low = in_precision(cell.map(), at::kFloat)(y).only();
  EXPECT_EQ(low.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(low, cell.map()(y.to(at::kFloat)).only().to(at::kDouble)));
}

TEST(InPrecision, DerivativeIsThatOfGToRounding) {
  const Cell cell;
  const Tensor y = at::randn({16, 64}), u = at::randn({16, 64});
  const Tensor exact = Linearization(cell.map(), y).vjp(u);
  const Tensor low = Linearization(in_precision(cell.map(), at::kBFloat16), y).vjp(u);
  // u, tanh', their product, W and the result rounded; tanh' = 1 - t^2 of a t that is off by 4u.
  EXPECT_LE((low - exact).norm().item<double>(), 16 * kUnit * exact.norm().item<double>());
  EXPECT_FALSE(at::equal(low, exact));
}

TEST(InPrecision, SeesWeightsThatChange) {
  Cell cell;
  cell.weight.requires_grad_(true);  // libtorch keeps the casts of leaves
  const Map low = in_precision(cell.map(), at::kBFloat16);
  const Tensor y = at::randn({16, 64});
  const Tensor before = low(y).only().detach();
  {
    at::NoGradGuard no_grad;
    cell.weight.mul_(2);
  }
  EXPECT_FALSE(at::allclose(low(y).only(), before, .01, .01));
}

TEST(InPrecision, LeavesAutocastAsItWasAlsoAfterAnError) {
  const Map fails([](const Tensor& y, const Rows&) -> Tensor { throw std::runtime_error("no"); });
  const Tensor y = at::randn({4, 4});
  EXPECT_THROW(in_precision(fails, at::kBFloat16)(y), std::runtime_error);
  EXPECT_EQ(at::mm(y, y).scalar_type(), at::kFloat);
  in_precision(Cell().map(), at::kBFloat16)(at::randn({16, 64}));
  EXPECT_EQ(at::mm(y, y).scalar_type(), at::kFloat);
}

TEST(InPrecision, RefusesWhatIsNoLowerPrecision) {
  const Map map = Cell().map();
  EXPECT_THAT(refusal([&] { in_precision(map, at::kDouble); }),
              HasSubstr("precision = Double violates Float|BFloat16|Half"));
  EXPECT_THAT(refusal([&] { in_precision(map, at::kLong); }), HasSubstr("precision = Long violates"));
  EXPECT_THAT(refusal([&] {
                in_precision(map, at::kHalf)(at::randn({16, 64}));
              }),
              HasSubstr("violates BFloat16 on the CPU"));
}

TEST(Epsilon, IsTheGapAboveOne) {
  for (const at::ScalarType type : {at::kDouble, at::kFloat, at::kBFloat16, at::kHalf}) {
    const double epsilon = epsilon_of(type);
    const Tensor one = at::ones({1}, at::kDouble);
    EXPECT_TRUE(at::equal((one + epsilon).to(type).to(at::kDouble), one + epsilon)) << type;
    EXPECT_TRUE(at::equal((one + .49 * epsilon).to(type).to(at::kDouble), one)) << type;
  }
}

}  // namespace
}  // namespace fathom::tensor
