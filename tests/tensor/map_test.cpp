#include "fathom/tensor/map.h"

#include <ATen/ATen.h>

#include <gtest/gtest.h>

namespace fathom::tensor {
namespace {

Tensor column(std::vector<double> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return at::tensor(values, at::TensorOptions(at::kDouble)).view({count, 1});
}

Rows rows(std::vector<std::int64_t> index) { return Rows(at::tensor(index, at::TensorOptions(at::kLong))); }

TEST(Rows, AllRowsReturnTheContextItself) {
  const Tensor context = column({1, 2, 3});
  EXPECT_TRUE(Rows().all());
  EXPECT_TRUE(Rows().of(context).is_same(context));
}

TEST(Rows, SomeRowsAreGatheredInTheirOrder) {
  EXPECT_FALSE(rows({2, 0}).all());
  EXPECT_TRUE(at::equal(rows({2, 0}).of(column({1, 2, 3})), column({3, 1})));
  EXPECT_EQ(rows({}).of(column({1, 2, 3})).size(0), 0);
}

TEST(Rows, GradientsReachTheRowsThatWereTaken) {
  const Tensor context = column({1, 2, 3}).requires_grad_(true);
  rows({2, 0}).of(context).sum().backward();
  EXPECT_TRUE(at::equal(context.grad(), column({1, 0, 1})));
}

TEST(Map, EveryKindOfCallableIsAMap) {
  const Tensor x = column({1, 2, 3});
  const Map plain([&](const Tensor& y) { return y + x; });
  const Map with_rows([&](const Tensor& y, const Rows& live) { return y + live.of(x); });
  const Map of_state([&](const State& y) { return State(y.only() + x); });
  const Map of_state_and_rows([&](const State& y, const Rows& live) -> State { return State(y.only() + live.of(x)); });
  for (const Map* map : {&plain, &with_rows, &of_state, &of_state_and_rows}) {
    EXPECT_TRUE(at::equal((*map)(column({0, 0, 1})).only(), column({1, 2, 4})));
  }
  for (const Map* map : {&with_rows, &of_state_and_rows}) {
    EXPECT_TRUE(map->compactable());
    EXPECT_TRUE(at::equal((*map)(column({0, 0}), rows({2, 1})).only(), column({3, 2})));
  }
  for (const Map* map : {&plain, &of_state}) EXPECT_FALSE(map->compactable());
}

TEST(Map, CanBeKeptFromCompaction) {
  Map map([](const Tensor& y, const Rows&) { return y; });
  EXPECT_FALSE(map.never_compact().compactable());
}

}  // namespace
}  // namespace fathom::tensor
