#include "fathom/domain/pde/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/losses.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "fathom/train/fit.h"
#include "tests/support/close.h"

namespace fathom::pde {
namespace {

using testing::HasSubstr;
using testing_support::close;
using testing_support::Tol;

const ModelOptions kTiny{.width = 4, .modes = 3};

std::shared_ptr<FourierModel> tiny(ModelOptions options = kTiny) {
  const std::shared_ptr<FourierModel> model = make_model(options, 3);
  model->to(at::kDouble);
  return model;
}

Tensor forcing(std::int64_t n = 2, std::int64_t height = 8, std::int64_t width = 10) {
  tensor::seed(5);
  return at::randn({n, 2, height, width}, at::kDouble);
}

std::int64_t count(const ModelOptions& options) {
  std::int64_t sum = 0;
  for (const Tensor& p : FourierModel(options).parameters()) sum += p.numel();
  return sum;
}

// The paper's networks: width 32, 12 modes, coordinates.
ModelOptions paper(const std::string& kind, std::int64_t width, std::int64_t depth) {
  return {.kind = kind, .width = width, .depth = depth, .coordinates = true};
}

TEST(PdeModel, ParameterCountsAreThePapers) {
  EXPECT_EQ(parameter_count(paper("implicit", 32, 1)), 2376481);
  EXPECT_EQ(parameter_count(paper("fno", 32, 1)), 2376481);
  const std::int64_t depth[] = {1, 2, 4, 8, 16, 32},
                     of_depth[] = {2376481, 4155457, 7713409, 14829313, 29061121, 57524737};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(parameter_count(paper("fno++", 32, depth[i])), of_depth[i]);
  const std::int64_t width[] = {64, 128, 256}, of_width[] = {9504321, 38014081, 152049921};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(parameter_count(paper("fno++", width[i], 1)), of_width[i]);
}

TEST(PdeModel, HasTheParametersItSays) {
  EXPECT_EQ(count(paper("implicit", 32, 1)), 2376481);
  for (const std::string& kind : kKinds) {
    for (const bool coordinates : {false, true}) {
      const ModelOptions options{.kind = kind, .width = 5, .modes = 2, .depth = 3, .coordinates = coordinates};
      EXPECT_EQ(count(options), parameter_count(options)) << kind;
    }
  }
}

TEST(PdeModel, NamesAreThoseOfTheOriginal) {
  std::set<std::string> names;
  const FourierModel model({.width = 2, .modes = 1, .depth = 2});
  for (const auto& [name, parameter] : train::named_parameters(model)) names.insert(name);
  for (const char* name :
       {"fc.weight", "fc.bias", "conv.weights1", "conv.weights2", "mlp.mlp1.weight", "mlp.mlp2.bias", "w0.weight",
        "deq_block.deq_block.0.conv0.weights1", "deq_block.deq_block.1.conv2.weights2",
        "deq_block.deq_block.1.mlp1.mlp2.weight", "deq_block.deq_block.0.w2.bias", "q.mlp1.weight", "q.mlp2.bias"}) {
    EXPECT_TRUE(names.contains(name)) << name;
    EXPECT_EQ(is_complex(name), std::string(name).find("weights") != std::string::npos) << name;
  }
  // fc 2; three pointwise maps of the decoder 6, its convolution 2; q 4; in each of six layers 2 + 6.
  EXPECT_EQ(names.size(), 2u + 6 + 2 + 4 + 6 * 8);
}

TEST(PdeModel, SpectralWeightsStartPositiveAndSmall) {
  const FourierModel model(kTiny);
  const Tensor w = model.conv().weights1;
  EXPECT_GE(w.min().item<double>(), 0);
  EXPECT_LT(w.max().item<double>(), 1.0 / 16);
}

TEST(PdeModel, SamplesDoNotSeeEachOther) {
  for (const bool normalize : {false, true}) {
    ModelOptions options = kTiny;
    options.normalize = normalize;
    const auto model = tiny(options);
    const at::NoGradGuard no_grad;
    const Tensor x = forcing(3);
    const Tensor together = model->forward(x, 4);
    for (std::int64_t i = 0; i < 3; ++i)
      EXPECT_TRUE(close(model->forward(x.narrow(0, i, 1), 4), together.narrow(0, i, 1), Tol::of(at::kDouble).ops(1e4)));
    const Tensor injected = model->lift(x);
    const Map map = model->map(injected);
    EXPECT_TRUE(map.compactable());
    const Rows rows(tensor::from_int64s({2, 0}, {2}));
    const State z = map(model->start(injected));
    EXPECT_TRUE(close(map(rows.of(z.only()), rows).only(), rows.of(map(z).only()), Tol::of(at::kDouble).ops(1e4)));
  }
}

// Without coordinates and padding all there is commutes with shifts of the periodic square.
TEST(PdeModel, ShiftsOfTheForcingShiftTheAnswer) {
  for (const std::string& kind : kKinds) {
    ModelOptions options = kTiny;
    options.kind = kind;
    const auto model = tiny(options);
    const at::NoGradGuard no_grad;
    const Tensor x = forcing();
    const Tensor shifted = model->forward(x.roll({3, 5}, {2, 3}), 3);
    EXPECT_TRUE(close(shifted, model->forward(x, 3).roll({3, 5}, {1, 2}), Tol::of(at::kDouble).ops(1e4))) << kind;
  }
}

// A field of few frequencies, sampled more finely, has the same kept modes; what the nonlinearity folds back from
// frequencies beyond the grid vanishes as the grid is refined.
TEST(PdeModel, WeightsBelongToFrequencies) {
  const auto model = tiny();
  const at::NoGradGuard no_grad;
  const auto answer = [&](std::int64_t n) {
    std::vector<double> values;
    for (int c = 0; c < 2; ++c) {
      for (std::int64_t i = 0; i < n * n; ++i) {
        const double x = 2 * M_PI * static_cast<double>(i / n) / static_cast<double>(n),
                     y = 2 * M_PI * static_cast<double>(i % n) / static_cast<double>(n);
        values.push_back(std::sin(x + 2 * y) + (c + 1) * std::cos(2 * x));
      }
    }
    const Tensor w = model->forward(tensor::from_doubles(values, {1, 2, n, n}, at::kDouble), 1);
    return w.slice(1, 0, n, n / 16).slice(2, 0, n, n / 16);
  };
  const Tensor exact = answer(256);
  const auto off = [&](std::int64_t n) { return (answer(n) - exact).norm().item<double>(); };
  EXPECT_LT(off(32), 0.1 * off(16));
  EXPECT_LT(off(64), 0.1 * off(32));
}

TEST(PdeModel, PaddingIsCutAgainAndCoordinatesAreChannels) {
  ModelOptions options = kTiny;
  options.padding = 9;
  options.coordinates = true;
  const auto model = tiny(options);
  const at::NoGradGuard no_grad;
  const Tensor x = at::cat({forcing(), forcing()}, 1);
  const Tensor injected = model->lift(x);
  EXPECT_EQ(injected.sizes(), at::IntArrayRef({2, 4, 17, 19}));
  EXPECT_EQ(injected.narrow(2, 8, 9).abs().sum().item<double>(), 0);
  EXPECT_EQ(model->forward(x, 2).sizes(), at::IntArrayRef({2, 8, 10}));
  try {
    model->forward(forcing(), 1);
    ADD_FAILURE() << "two channels were taken for four";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("x's shape = (2, 2, 8, 10) violates == (N, 4, H, W)"));
  }
}

// The implicit gradient is the limit of the unrolled one: both by the same weights at the same fixed point.
TEST(PdeModel, ImplicitGradientIsTheLimitOfTheUnrolledOne) {
  ModelOptions options = kTiny;
  options.normalize = false;  // at the start of a training such a block contracts
  const auto implicit = tiny(options), unrolled = tiny(options);
  const Tensor x = forcing(), target = at::randn({2, 8, 10}, at::kDouble);
  diff::Equilibrium account;
  const Tensor answer = equilibrium_answer(*implicit, x, solve::Anderson{}, diff::Implicit{.rtol = 1e-10},
                                           {.rtol = 1e-10, .max_iter = 500, .patience = 100}, &account);
  ASSERT_TRUE(account.solution.converged()) << account.solution.brief();
  relative_loss(answer, target).backward();
  relative_loss(equilibrium_answer(*unrolled, x, solve::Picard{}, diff::Unrolled{100}, {}), target).backward();
  const auto ours = train::named_parameters(*implicit), theirs = train::named_parameters(*unrolled);
  double largest = 0;
  for (const auto& [name, p] : theirs) largest = std::max(largest, p.grad().abs().max().item<double>());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const Tensor difference = ours[i].second.grad() - theirs[i].second.grad();
    EXPECT_LE(difference.abs().max().item<double>(), 1e-6 * largest) << ours[i].first;
  }
}

Tensor packed_value(const Map& map, const Tensor& z, const std::vector<std::int64_t>& samples) {
  const Tensor g = at::empty_like(z);
  if (z.scalar_type() == at::kFloat) {
    map.packed<float>()->evaluate(samples, z.data_ptr<float>(), g.data_ptr<float>());
  } else {
    map.packed<double>()->evaluate(samples, z.data_ptr<double>(), g.data_ptr<double>());
  }
  return g;
}

TEST(PdeModel, ThePackedMapIsTheSameFunctionRowByRow) {
  const at::NoGradGuard no_grad;
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const bool normalize : {false, true}) {
      const ModelOptions options{.width = 5, .modes = 3, .depth = 2, .padding = 2, .normalize = normalize};
      const auto model = make_model(options, 4);
      model->to(dtype);
      const Tensor injected = model->lift(forcing(3, 9, 12).to(dtype)), z = at::randn_like(injected);
      const Map map = model->map(injected);
      const Tensor g = packed_value(map, z, {0, 1, 2});
      // Six layers of sums over 154 points and 5 channels, each norm dividing by no less than a tenth.
      EXPECT_TRUE(close(g, map(z).only(), Tol::of(dtype).ops(1e4)));
      for (std::int64_t i = 0; i < 3; ++i) {
        const Tensor alone = packed_value(map, z.narrow(0, i, 1).contiguous(), {i});
        EXPECT_TRUE(alone.equal(g.narrow(0, i, 1))) << i;
      }
    }
  }
}

TEST(PdeModel, PhantomDriftIsTheRelativeResidualWhereTheLastStepBegins) {
  const auto model = tiny();
  const Tensor x = forcing();
  const solve::Stop stop{.rtol = 1e-3, .max_iter = 3};
  const diff::Phantom phantom{.steps = 2, .damping = 0.5};
  const PhantomAnswer ours = phantom_answer(*model, x, solve::Anderson{}, phantom, stop);
  EXPECT_TRUE(ours.answer.equal(equilibrium_answer(*model, x, solve::Anderson{}, phantom, stop)));
  const at::NoGradGuard no_grad;
  const Tensor injected = model->lift(x);
  const Map map = model->map(injected);
  const Tensor start = solve::fixed_point(map, model->start(injected), solve::Anderson{}, stop).y.only();
  const Tensor z = (start + map(start).only()) / 2, next = (z + map(z).only()) / 2;
  const Tensor residual = (map(z).only() - z).flatten(1).norm(2, 1) / next.flatten(1).norm(2, 1);
  EXPECT_TRUE(close(ours.drift.detach(), residual, Tol::of(at::kDouble).ops(1e4)));
}

TEST(PdeModel, TheLossIsTheSumOfRelativeErrors) {
  const Tensor target = tensor::from_doubles({3, 4, 0, 2}, {2, 1, 2}, at::kDouble);
  const Tensor predicted = tensor::from_doubles({0, 0, 0, 3}, {2, 1, 2}, at::kDouble);
  EXPECT_DOUBLE_EQ(relative_loss(predicted, target).item<double>(), 1 + 0.5);
}

}  // namespace
}  // namespace fathom::pde
