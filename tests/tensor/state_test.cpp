#include "fathom/tensor/state.h"

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::tensor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

State two_parts() { return std::vector<Tensor>{at::arange(12.).view({2, 3, 2}), at::arange(20., 22.).view({2, 1})}; }

TEST(State, ShapeOfOnePart) {
  const State state(at::zeros({4, 2, 3}));
  EXPECT_EQ(state.batch(), 4);
  EXPECT_EQ(state.width(), 6);
  EXPECT_THAT(state.widths(), ElementsAre(6));
  EXPECT_EQ(state.flat().sizes(), (std::vector<std::int64_t>{4, 6}));
}

TEST(State, APartWithoutFurtherDimensionsHasOneElementPerSample) {
  const State state(at::arange(3.));
  EXPECT_EQ(state.width(), 1);
  EXPECT_EQ(state.flat().sizes(), (std::vector<std::int64_t>{3, 1}));
}

TEST(State, FlatIsAViewOfOneContiguousPart) {
  const Tensor part = at::zeros({4, 2, 3});
  EXPECT_EQ(State(part).flat().data_ptr(), part.data_ptr());
}

TEST(State, FlatJoinsTheParts) {
  const Tensor flat = two_parts().flat();
  EXPECT_TRUE(at::equal(
      flat, at::tensor({0., 1., 2., 3., 4., 5., 20., 6., 7., 8., 9., 10., 11., 21.}).view({2, 7}).to(flat.dtype())));
}

TEST(State, WithFlatIsTheInverseOfFlat) {
  for (const State& state : {State(at::randn({4, 2, 3})), State(at::randn({4, 5})), two_parts()}) {
    const State back = state.with_flat(state.flat());
    ASSERT_TRUE(back.same_layout(state));
    for (std::size_t i = 0; i < state.parts().size(); ++i) EXPECT_TRUE(at::equal(back[i], state[i]));
  }
}

TEST(State, WithFlatTakesAnyNumberOfSamplesAndCopiesNothing) {
  const Tensor flat = at::randn({5, 7});
  const State state = two_parts().with_flat(flat);
  EXPECT_EQ(state.batch(), 5);
  EXPECT_EQ(state[0].sizes(), (std::vector<std::int64_t>{5, 3, 2}));
  EXPECT_TRUE(state[0].is_alias_of(flat));
  EXPECT_TRUE(state[1].is_alias_of(flat));
}

TEST(State, GradientsFlowThroughFlatAndBack) {
  const Tensor part = at::randn({2, 3}).requires_grad_(true);
  const State state(std::vector<Tensor>{part, at::ones({2, 2})});
  state.with_flat(2 * state.flat())[0].sum().backward();
  EXPECT_TRUE(at::equal(part.grad(), at::full({2, 3}, 2.)));
  EXPECT_FALSE(state.detach()[0].requires_grad());
}

TEST(State, SameLayoutIgnoresTheBatch) {
  EXPECT_TRUE(State(at::zeros({4, 3})).same_layout(State(at::zeros({1, 3}))));
  EXPECT_FALSE(State(at::zeros({4, 3})).same_layout(State(at::zeros({4, 1, 3}))));
  EXPECT_FALSE(State(at::zeros({4, 3})).same_layout(two_parts()));
}

TEST(State, MisuseIsNamed) {
  const Tensor x = at::zeros({2, 3});
  EXPECT_THAT(error_of([&] { State(std::vector<Tensor>{}); }), HasSubstr("[tensor::State]"));
  EXPECT_THAT(error_of([&] { State{Tensor()}; }), HasSubstr("part 0 is undefined"));
  EXPECT_THAT(error_of([&] { State{at::tensor(1.)[0]}; }), HasSubstr("no batch dimension"));
  EXPECT_THAT(error_of([&] {
                State(std::vector<Tensor>{x, at::zeros({3, 3})});
              }),
              HasSubstr("part 1 has 3 samples but part 0 has 2"));
  EXPECT_THAT(error_of([&] { State(std::vector<Tensor>{x, x.to(at::kDouble)}); }), HasSubstr("dtype"));
  EXPECT_THAT(error_of([&] { State(x).with_flat(at::zeros({2, 4})); }), HasSubstr("[2, 4] but needs (b, 3)"));
  EXPECT_THAT(error_of([&] { two_parts().only(); }), HasSubstr("2 parts"));
  EXPECT_FALSE(State().defined());
}

}  // namespace
}  // namespace fathom::tensor
