// Gradients whose adjoint is solved by a packed cell's own products, against those through the recorded graph.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "fathom/diff/equilibrium.h"
#include "fathom/diff/packed_vjp.h"
#include "fathom/tensor/autograd.h"
#include "tests/support/problems.h"
#include "tests/support/tanh_cell.h"

namespace fathom::diff {
namespace {

using testing_support::on;
using testing_support::packed_tanh_map;
using testing_support::symmetric;
using testing_support::tanh_map;

template <class T>
class PackedGradient : public ::testing::Test {
 protected:
  static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;

  PackedGradient() {
    at::set_num_threads(1);
    at::manual_seed(8);
    weight = symmetric(16, .8, kType).requires_grad_(true);
    input = at::randn({90, 16}, on(kType));
    direction = at::randn({90, 16}, on(kType));
  }
  static double epsilon() { return std::numeric_limits<T>::epsilon(); }

  // dL/dW of L = <direction, y*>, and what the adjoint reports.
  std::pair<Tensor, AdjointReport> gradient(const Map& map, const Gradient& choice) {
    weight.mutable_grad().reset();
    const solve::Stop stop{.rtol = 20 * epsilon(), .max_iter = 500};
    const Equilibrium e = equilibrium(map, at::zeros_like(input), solve::Anderson{}, choice, stop);
    (e.y.only() * direction).sum().backward();
    return {weight.grad().clone(), *e.adjoint};
  }

  Tensor weight, input, direction;
};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PackedGradient, Types);

TYPED_TEST(PackedGradient, EqualsTheRecordedOne) {
  using T = TypeParam;
  const double rtol = 100 * this->epsilon();
  const std::vector<Gradient> choices{
      Implicit{.adjoint = "anderson", .rtol = rtol}, Implicit{.adjoint = "picard", .rtol = rtol, .max_iter = 400},
      Implicit{.adjoint = "gmres", .rtol = rtol}, Neumann{.terms = 7}, Adaptive{.rtol = rtol}};
  for (const Gradient& choice : choices) {
    SCOPED_TRACE(choice.index());
    const auto [packed, report] = this->gradient(packed_tanh_map<T>(this->weight, this->input), choice);
    const auto [recorded, as_recorded] = this->gradient(tanh_map(this->weight, this->input), choice);
    // Both adjoints are within rtol / (1 - .8) of the exact one (Neumann: the same terms), and both y* likewise.
    EXPECT_LE((packed - recorded).norm().template item<double>(),
              4 * rtol / (1 - .8) * recorded.norm().template item<double>());
    EXPECT_EQ(report.method, as_recorded.method);
    EXPECT_EQ(report.converged(), as_recorded.converged());
    for (std::size_t row = 0; row < report.iterations.size(); ++row) {
      EXPECT_NEAR(report.iterations[row], as_recorded.iterations[row], 2);
    }
  }
}

TYPED_TEST(PackedGradient, ProductsEqualAutograd) {
  using T = TypeParam;
  const Map map = packed_tanh_map<T>(this->weight, this->input);
  const Tensor y = at::randn_like(this->input), u = at::randn_like(y);
  const tensor::Linearization taped(map, y);
  const auto packed = packed_vjp(map, y, taped.value().only());
  ASSERT_NE(packed, nullptr);
  // Sums of 16 terms in another order: error 16 eps of sum |terms| <= 16 eps ||W|| ||u||, and the derivative's own.
  EXPECT_LE(((*packed)(u)-taped.vjp(u)).norm(2, 1).max().template item<double>(),
            64 * this->epsilon() * u.norm(2, 1).max().template item<double>());
}

// The map u -> v + u'J asked for some rows gives those rows of the whole.
TYPED_TEST(PackedGradient, TheAdjointMapKnowsItsRows) {
  using T = TypeParam;
  const Map map = packed_tanh_map<T>(this->weight, this->input);
  const Tensor y = at::randn_like(this->input), g = map(y).only().detach();
  const Tensor u = at::randn_like(y), v = at::randn_like(y);
  const auto packed = packed_vjp(map, y, g);
  const Map adjoint = packed->adjoint(v);
  const Tensor some = at::tensor(std::vector<std::int64_t>{3, 80, 41});
  const Tensor whole = adjoint(u).only();
  EXPECT_TRUE(at::equal(adjoint(u.index_select(0, some), Rows(some)).only(), whole.index_select(0, some)));
  Tensor out = at::empty({3, 16}, y.options());
  const Tensor from = u.index_select(0, some);
  adjoint.packed<T>()->evaluate({some.data_ptr<std::int64_t>(), 3}, from.template data_ptr<T>(),
                                out.template data_ptr<T>());
  EXPECT_TRUE(at::equal(out, whole.index_select(0, some)));
}

// A row without a finite solution is left out; the others keep their samples.
TYPED_TEST(PackedGradient, RowsThatAreNotFiniteHarmNoOther) {
  using T = TypeParam;
  const Gradient choice = Implicit{.rtol = 100 * this->epsilon()};
  const Tensor clean = this->input.clone();
  this->input[4].fill_(std::numeric_limits<T>::quiet_NaN());
  const auto [packed, report] = this->gradient(packed_tanh_map<T>(this->weight, this->input), choice);
  EXPECT_EQ(report.status[4], solve::Status::nonfinite);
  this->input = at::cat({clean.narrow(0, 0, 4), clean.narrow(0, 5, 85)});
  this->direction = at::cat({this->direction.narrow(0, 0, 4), this->direction.narrow(0, 5, 85)});
  const auto [without, of_the_rest] = this->gradient(packed_tanh_map<T>(this->weight, this->input), choice);
  EXPECT_TRUE(of_the_rest.converged());
  EXPECT_LE((packed - without).norm().template item<double>(),
            400 * this->epsilon() / (1 - .8) * without.norm().template item<double>());
}

// Under create_graph the second derivative is the recorded one's.
TYPED_TEST(PackedGradient, IsRightUnderDoubleBackward) {
  using T = TypeParam;
  const auto second = [&](const Map& map) {
    const solve::Stop stop{.rtol = 20 * this->epsilon(), .max_iter = 500};
    const Equilibrium e =
        equilibrium(map, at::zeros_like(this->input), solve::Anderson{}, Implicit{.rtol = 100 * this->epsilon()}, stop);
    const Tensor first =
        torch::autograd::grad({(e.y.only() * this->direction).sum()}, {this->weight}, {}, true, true)[0];
    return torch::autograd::grad({first.square().sum()}, {this->weight})[0];
  };
  const Tensor packed = second(packed_tanh_map<T>(this->weight, this->input));
  const Tensor recorded = second(tanh_map(this->weight, this->input));
  // Errors of the inner adjoint and of y* pass through a second solve: twice the division by 1 - .8.
  EXPECT_LE((packed - recorded).norm().template item<double>(),
            800 * this->epsilon() / std::pow(1 - .8, 2) * recorded.norm().template item<double>());
}

TEST(PackedVjp, IsNothingForAMapWithoutACell) {
  const Tensor weight = symmetric(4, .5, at::kFloat), x = at::randn({3, 4});
  EXPECT_EQ(packed_vjp(tanh_map(weight, x), x, x), nullptr);
  EXPECT_EQ(packed_vjp(packed_tanh_map<float>(weight, x), x.to(at::kDouble), x.to(at::kDouble)), nullptr);
}

}  // namespace
}  // namespace fathom::diff
