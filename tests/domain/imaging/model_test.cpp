// The deblurring models: steps by their equations, gradients of the implicit one, its memory, accelerated inference.
#include "fathom/domain/imaging/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/utils.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/losses.h"
#include "fathom/domain/imaging/training_answer.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/train/fit.h"
#include "tests/support/close.h"
#include "tests/support/memory.h"

namespace fathom::imaging {
namespace {

using testing_support::close;
using testing_support::MemoryCounter;
using testing_support::Tol;

ModelOptions small(const std::string& step) {
  return {.step = step, .stepsize = step == "hqs" ? 4.0 : 1.0, .network = {.widths = {4, 6, 8, 10}, .blocks = 1}};
}

// A small model in double, and data that are a blurred image with noise. The denoiser is weak at the start, so the step
// contracts.
struct Problem {
  explicit Problem(const ModelOptions& options) : model(make_model(options, 3)) {
    model->to(at::kDouble);
    const Tensor kernel = at::rand({5, 5}, at::kDouble);
    blur.emplace(kernel / kernel.sum(), 32, 32, at::kDouble);
    target = at::rand({2, 3, 32, 32}, at::kDouble);
    y = blur->apply(target) + 0.03 * at::randn({2, 3, 32, 32}, at::kDouble);
  }

  std::shared_ptr<DeblurModel> model;
  std::optional<Blur> blur;
  Tensor target, y;
};

TEST(DeblurModel, PgdStepDescendsTheFidelityAndHqsTakesItsProximalPoint) {
  const at::NoGradGuard no_grad;
  const Problem p(small("pgd")), q(small("hqs"));
  const Step& pgd = p.model->step(0);
  const Tensor by_hand = p.target - pgd.stepsize * p.blur->adjoint(p.blur->apply(p.target) - p.y);
  const Tol tol = Tol::of(at::kDouble).ops(32 * 32);
  EXPECT_TRUE(close(pgd.towards_data(*p.blur, p.target, p.blur->adjoint(p.y)), by_hand, tol));
  const Tensor x = q.model->step(0).towards_data(*q.blur, q.target, q.blur->adjoint(q.y));
  const Tensor condition = 4 * q.blur->adjoint(q.blur->apply(x) - q.y) + x;  // == target
  EXPECT_TRUE(close(condition, q.target, tol));
}

TEST(DeblurModel, UnrolledModelOfOneLayerIsOneIterationOfTheImplicitOne) {
  const at::NoGradGuard no_grad;
  const Problem p(small("hqs"));
  ModelOptions options = small("hqs");
  options.kind = "unrolled";
  const std::shared_ptr<DeblurModel> unrolled = make_model(options, 3);
  unrolled->to(at::kDouble);
  EXPECT_TRUE(close(unrolled->forward(*p.blur, p.y), p.model->forward(*p.blur, p.y, 1), Tol{}));
}

TEST(DeblurModel, CountsItsParameters) {
  for (const std::string& step : kSteps) {
    ModelOptions options = small(step);
    options.kind = "unrolled";
    options.layers = 3;
    std::int64_t count = 0;
    for (const Tensor& parameter : make_model(options, 0)->parameters()) count += parameter.numel();
    EXPECT_EQ(count, parameter_count(options)) << step;
  }
}

TEST(DeblurModel, AnAnswerDoesNotDependOnBatchMates) {
  for (const char* step : {"pgd", "hqs"}) {
    const at::NoGradGuard no_grad;
    const Problem p(small(step));
    const Map map = p.model->map(*p.blur, p.y);
    const solve::Stop stop{.rtol = 1e-10, .max_iter = 200};
    const Solution both = solve::fixed_point(map, p.model->start(p.y), solve::Picard{}, stop);
    const Tensor last = p.y.narrow(0, 1, 1);
    const Solution alone = solve::fixed_point(p.model->map(*p.blur, last), p.model->start(last), solve::Picard{}, stop);
    EXPECT_TRUE(both.converged() && alone.converged()) << both.message;
    EXPECT_EQ(both.iterations[1], alone.iterations[0]);
    EXPECT_TRUE(close(both.y.only().narrow(0, 1, 1), alone.y.only(), Tol::of(at::kDouble).ops(9 * 10 * 20)));
  }
}

// Anderson reaches the same fixed point with fewer calls of the denoiser, whatever the safeguard has to roll back.
TEST(DeblurModel, AndersonReachesTheSameFixedPointInFewerDenoiserCalls) {
  for (const char* step : {"pgd", "hqs"}) {
    const at::NoGradGuard no_grad;
    const Problem p(small(step));
    p.model->step(0).denoiser().named_parameters()["m_tail.weight"].mul_(8);  // contracts by less than 0.9, slowly
    std::int64_t calls = 0;
    const Map inner = p.model->map(*p.blur, p.y);
    const Map counted([&](const Tensor& x, const Rows& rows) {
      ++calls;
      return inner(x, rows).only();
    });
    const solve::Stop stop{.rtol = 1e-8, .max_iter = 400};
    const Solution plain = solve::fixed_point(counted, p.model->start(p.y), solve::Picard{}, stop);
    const std::int64_t plain_calls = std::exchange(calls, 0);
    const Solution mixed = solve::fixed_point(counted, p.model->start(p.y), solve::Anderson{}, stop);
    ASSERT_TRUE(plain.converged() && mixed.converged()) << plain.message << mixed.message;
    EXPECT_EQ(plain.calls, plain_calls);
    EXPECT_EQ(mixed.calls, calls);
    EXPECT_LT(calls, plain_calls) << step;
    // Two answers with residuals below 1e-8 of themselves, of a map that contracts by less than 0.9.
    EXPECT_TRUE(close(mixed.y.only(), plain.y.only(), Tol{0, 1, 2e-8 / (1 - 0.9) * 100})) << step;
  }
}

// Of a linear step (no residual branches) it is the factor by which changes shrink in the end; and it has a graph.
TEST(DeblurModel, GrowthRateIsTheRateOfThePlainIteration) {
  for (const char* step : {"pgd", "hqs"}) {
    const Problem p(small(step));
    {
      const at::NoGradGuard no_grad;
      for (const auto& [name, weight] : train::named_parameters(p.model->step(0).denoiser())) {
        if (name.find("res") != std::string::npos) weight.zero_();
        if (name == "m_tail.weight") weight.mul_(8);
      }
    }
    const Map map = p.model->map(*p.blur, p.y);
    const Tensor x = p.model->forward(*p.blur, p.y, 200).detach(), start = x + 1e6 * at::randn(x.sizes(), at::kDouble);
    std::vector<double> before, after;
    {
      const at::NoGradGuard no_grad;
      Tensor z = start;
      for (int t = 0; t < 60; ++t) {
        before = measure::distance(z, x);
        z = map(z).only();
        after = measure::distance(z, x);
      }
    }
    const Tensor rate = growth_rate(*p.model, *p.blur, p.y, x, 60, 1);
    for (std::size_t i = 0; i < 2; ++i)
      EXPECT_NEAR(rate[static_cast<std::int64_t>(i)].item<double>(), after[i] / before[i], 0.01) << step;
    rate.sum().backward();
    EXPECT_GT(p.model->step(0).denoiser().named_parameters()["m_tail.weight"].grad().abs().max().item<double>(), 0);
  }
}

Tensor flat_gradient(const DeblurModel& model) {
  std::vector<Tensor> parts;
  for (const Tensor& parameter : model.parameters()) {
    parts.push_back(parameter.grad().defined() ? parameter.grad().flatten().clone() : at::zeros({parameter.numel()}));
    parameter.mutable_grad() = Tensor();
  }
  return at::cat(parts);
}

// At convergence the hook's plain adjoint and the implicit gradient are the same; both agree with differences.
TEST(DeblurModel, GradientModesAgreeAtTheEquilibrium) {
  for (const char* step : {"pgd", "hqs"}) {
    SCOPED_TRACE(step);
    Problem p(small(step));
    const Hook hook{.iterations = 150, .steps = 150, .tolerance = 1e-12};
    squared_loss(hook_answer(*p.model, *p.blur, p.y, hook), p.target).backward();
    const double slope = p.model->step(0).stepsize.grad().item<double>();
    const Tensor hooked = flat_gradient(*p.model);
    TrainConfig train{.gradient = "implicit", .iterations = 400, .rtol = 1e-11};
    train.adjoint.rtol = 1e-10;
    train.adjoint.max_iter = 100;
    train.phantom = {.steps = 60, .damping = 1};
    squared_loss(training_answer(train, *p.model, *p.blur, p.y), p.target).backward();
    const Tensor implicit = flat_gradient(*p.model);
    EXPECT_TRUE(close(hooked, implicit, Tol{0, 1, 1e-7}));
    train.gradient = "phantom";
    squared_loss(training_answer(train, *p.model, *p.blur, p.y), p.target).backward();
    EXPECT_TRUE(close(flat_gradient(*p.model), implicit, Tol{0, 1, 1e-6}));
    const at::NoGradGuard no_grad;
    const auto loss_with = [&](double change) {
      p.model->step(0).stepsize.add_(change);
      const double loss = squared_loss(p.model->forward(*p.blur, p.y, 200), p.target).item<double>();
      p.model->step(0).stepsize.add_(-change);
      return loss;
    };
    const double h = 1e-5;
    EXPECT_NEAR(slope, (loss_with(h) - loss_with(-h)) / (2 * h), 1e-6 * std::abs(slope) + 1e-9);
  }
}

// The most bytes of tensors alive in an update, after one that pays for whatever is made once.
std::int64_t peak_of_an_update(Problem& p, std::int64_t iterations) {
  const MemoryCounter memory;
  squared_loss(hook_answer(*p.model, *p.blur, p.y, {.iterations = iterations}), p.target).backward();
  return memory.peak();
}

TEST(DeblurModel, MemoryOfAnUpdateDoesNotGrowWithTheIterations) {
  Problem p(small("hqs"));
  peak_of_an_update(p, 2);
  const std::int64_t few = peak_of_an_update(p, 2), many = peak_of_an_update(p, 60);
  EXPECT_GT(few, 0);
  EXPECT_EQ(many, few);
}

TEST(DeblurModel, RefusesOptionsAndStatesThatMakeNoSense) {
  const auto says = [](auto f, const char* words) {
    try {
      f();
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr(words));
    }
  };
  says([] { DeblurModel({.kind = "deep"}); }, "kind = deep violates implicit|unrolled");
  says([] { DeblurModel({.step = "admm"}); }, "step = admm violates pgd|hqs|denoise");
  says([] { DeblurModel({.layers = 2}); }, "layers = 2");
  says([] { DeblurModel({.start = "x"}); }, "start = x violates y|zero");
  says([] { DeblurModel({.stepsize = 0}); }, "stepsize = 0 violates > 0");
  const std::shared_ptr<DeblurModel> model = make_model(small("hqs"), 0);
  require_sound(*model, 0);
  const at::NoGradGuard no_grad;
  model->step(0).stepsize.fill_(-0.5);
  says([&] { require_sound(*model, 7); }, "stepsize = -0.5 of layer 0 after 7 updates violates finite and > 0");
  model->step(0).stepsize.fill_(1);
  model->step(0).sigma.fill_(NAN);
  says([&] { require_sound(*model, 7); }, "sigma = nan");
}

TEST(Psnr, IsTheOriginalsFormula) {
  const Tensor x = at::rand({2, 3, 8, 8}, at::kDouble);
  EXPECT_NEAR(psnr(x, x)[0], 80, 1e-9);
  EXPECT_NEAR(psnr(x + 0.1, x)[1], -10 * std::log10(0.01 + 1e-8), 1e-9);
}

}  // namespace
}  // namespace fathom::imaging
