// Parity of the models with the original classes: iterates, answers, losses, gradients, Lipschitz ratios, Adam steps
// (golden_case.h).
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>

#include "fathom/domain/imaging/losses.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/train/adam.h"
#include "tests/domain/imaging/golden_case.h"

namespace fathom::imaging {
namespace {

struct Iterated {
  GoldenCase c;
  Blur blur;
  DeblurModel model;
  Tensor y, target;
  Hook hook;
};

std::string lower(std::string word) {
  for (char& letter : word) letter = static_cast<char>(std::tolower(letter));
  return word;
}

Iterated iterated(const GoldenCase& c) {
  const Tensor y = c.at("in.y");
  DeblurModel model({.kind = "implicit",
                     .step = lower(c.metadata.at("alg")),
                     .start = c.metadata.at("init"),
                     .stepsize = c.setting("stepsize"),
                     .sigma = c.setting("sigma"),
                     .network = c.network()});
  train::copy_into(train::named_parameters(model.step(0).denoiser()), c.file, "w.", c.name);
  const Hook hook{.iterations = static_cast<std::int64_t>(c.setting("max_iter")),
                  .steps = static_cast<std::int64_t>(c.setting("max_iter_backward"))};
  return {c, Blur(c.at("kernel"), y.size(2), y.size(3)), std::move(model), y, c.at("in.x_gt"), hook};
}

// x_0 ... x_K
std::vector<Tensor> iterates(const Iterated& m, const Tensor& y) {
  const at::NoGradGuard no_grad;
  const Map map = m.model.map(m.blur, y);
  std::vector<Tensor> x = {m.model.start(y).only()};
  for (std::int64_t k = 0; k < m.hook.iterations; ++k) x.push_back(map(x.back()).only());
  return x;
}

std::vector<double> column(const Tensor& table, std::size_t k) {
  return tensor::to_doubles(table.select(1, static_cast<std::int64_t>(k)));
}

void expect_near(const std::vector<double>& ours, const std::vector<double>& theirs, double rtol) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], rtol * std::abs(theirs[i]) + 1e-7);
}

TEST(GoldenDeblur, IteratesMatchWithTheirQualityAndResidual) {
  const std::vector<GoldenCase> cases = golden_cases_with("x_iter");
  ASSERT_FALSE(cases.empty());
  for (const GoldenCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Iterated m = iterated(c);
    const std::vector<Tensor> x = iterates(m, m.y);
    const Tensor theirs = c.at("x_iter"), quality = c.at("psnr_trace"), residual = c.at("residual_trace");
    for (std::size_t k = 0; k < x.size(); ++k) {
      SCOPED_TRACE(k);
      expect_near(psnr(x[k], m.target), column(quality, k), 1e-5);
      if (k == 0) continue;
      expect_parity(x[k], theirs[static_cast<std::int64_t>(k - 1)], "iterate");
      expect_near(measure::rel_l2(x[k - 1], x[k], 1e-6), column(residual, k - 1), 1e-3);
    }
    const Tensor answer = hook_answer(m.model, m.blur, m.y, m.hook);
    expect_parity(answer, c.at("out_eval"), "answer");
    expect_near(psnr(answer.detach(), m.target), tensor::to_doubles(c.at("psnr_out")), 1e-5);
  }
}

TEST(GoldenDeblur, LipschitzRatiosMatch) {
  for (const GoldenCase& c : golden_cases_with("lip.ratio")) {
    SCOPED_TRACE(c.name);
    const Iterated m = iterated(c);
    const Tensor change = c.at("lip.delta_y").expand_as(m.y).contiguous();
    const std::vector<Tensor> x = iterates(m, m.y), moved = iterates(m, m.y + change);
    const Tensor theirs = c.at("lip.ratio");
    for (std::size_t k = 1; k < x.size(); ++k) {
      // A difference of iterates that are exact to 1e-6 of their size.
      expect_near(measure::lipschitz(measure::distance(x[k], moved[k]), measure::distance(m.y, m.y + change)),
                  column(theirs, k - 1), 1e-3);
    }
  }
}

TEST(GoldenDeblur, HookGradientsMatch) {
  for (const GoldenCase& c : golden_cases_with("train.grad.stepsize")) {
    SCOPED_TRACE(c.name);
    Iterated m = iterated(c);
    const Tensor answer = hook_answer(m.model, m.blur, m.y, m.hook), loss = squared_loss(answer, m.target);
    expect_parity(answer, c.at("train.out"), "answer");
    EXPECT_NEAR(loss.item<double>(), c.number("train.loss"), 1e-4 * c.number("train.loss"));
    loss.backward();
    const double largest = largest_entry(c, "train.grad.");
    const Step& step = m.model.step(0);
    expect_close(step.stepsize.grad(), c.at("train.grad.stepsize"), 1e-4, 1e-4 * largest, "stepsize");
    expect_close(step.sigma.grad(), c.at("train.grad.g_param"), 1e-4, 1e-4 * largest, "sigma");
    for (const auto& [name, weight] : train::named_parameters(step.denoiser()))
      expect_close(weight.grad(), c.at("train.grad.w." + name), 1e-4, 1e-4 * largest, name);
  }
}

TEST(GoldenDeblur, AdamStepsMatch) {
  for (const GoldenCase& c : golden_cases_with("adam3.losses")) {
    SCOPED_TRACE(c.name);
    Iterated m = iterated(c);
    constexpr double kRate = 1e-4;
    train::Adam adam(m.model.parameters(), {.lr = kRate, .weight_decay = 1e-8});
    const std::vector<double> losses = io::to_doubles(c.file.at("adam3.losses"));
    const Tensor numbers = c.at("adam3.stepsize_sigma");
    for (std::size_t k = 0; k < losses.size(); ++k) {
      adam.zero_grad();
      const Tensor loss = squared_loss(hook_answer(m.model, m.blur, m.y, m.hook), m.target);
      EXPECT_NEAR(loss.item<double>(), losses[k], 5e-4 * losses[k]) << k;
      loss.backward();
      adam.step(kRate);
      const Tensor theirs = numbers[static_cast<std::int64_t>(k)];
      EXPECT_NEAR(m.model.step(0).stepsize.item<double>(), theirs[0].item<double>(), 1e-6) << k;
      EXPECT_NEAR(m.model.step(0).sigma.item<double>(), theirs[1].item<double>(), 5e-4 * theirs[1].item<double>()) << k;
    }
  }
}

TEST(GoldenDeblur, UnrolledModelsMatch) {
  const std::vector<GoldenCase> cases = golden_cases_with("grad.g_param.0");
  ASSERT_FALSE(cases.empty());
  for (const GoldenCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Tensor y = c.at("in.y");
    const double gamma = c.setting("stepsize");
    const std::int64_t layers = c.file.find("grad.g_param.1") == nullptr ? 1 : 2;
    DeblurModel model({.kind = "unrolled",
                       .step = gamma == 0 ? "denoise" : lower(c.metadata.at("alg")),
                       .layers = layers,
                       .stepsize = gamma == 0 ? 1 : gamma,
                       .network = c.network()});
    for (std::int64_t i = 0; i < layers; ++i) {
      train::copy_into(train::named_parameters(model.step(i).denoiser()), c.file, "w." + std::to_string(i) + ".",
                       c.name);
    }
    const Blur blur(c.at("kernel"), y.size(2), y.size(3));
    const Tensor answer = model.forward(blur, y), loss = squared_loss(answer, c.at("in.x_gt"));
    expect_parity(answer, c.at("out"), "answer");
    EXPECT_NEAR(loss.item<double>(), c.number("loss"), 1e-4 * c.number("loss"));
    loss.backward();
    const double largest = largest_entry(c, "grad.");
    for (std::int64_t i = 0; i < layers; ++i) {
      const Step& step = model.step(i);
      const std::string layer = std::to_string(i);
      expect_close(step.sigma.grad(), c.at("grad.g_param." + layer), 1e-4, 1e-4 * largest, "sigma " + layer);
      EXPECT_EQ(step.stepsize.defined(), c.file.find("grad.stepsize." + layer) != nullptr);
      if (step.stepsize.defined())
        expect_close(step.stepsize.grad(), c.at("grad.stepsize." + layer), 1e-4, 1e-4 * largest, "stepsize " + layer);
      for (const auto& [name, weight] : train::named_parameters(step.denoiser())) {
        const std::string tensor = "grad.w." + layer + "." + name;
        if (c.file.find(tensor) != nullptr) expect_close(weight.grad(), c.at(tensor), 1e-4, 1e-4 * largest, tensor);
      }
    }
  }
}

}  // namespace
}  // namespace fathom::imaging
