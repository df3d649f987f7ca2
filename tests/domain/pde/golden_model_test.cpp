// Parity with the original classes of the paper's PDE case study: parts, block, iterates, answers, losses and gradients
// of the training modes, Adam steps. Tolerances are those of the fixture set's README.json: 1e-4 relative with 1e-5 of
// the tensor's largest entry, gradients against the largest gradient of their mode, weights after Adam steps 5e-4.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/tensor.h>

#include "fathom/domain/pde/losses.h"
#include "fathom/domain/pde/model.h"
#include "fathom/domain/pde/paper_anderson.h"
#include "fathom/io/safetensors.h"
#include "fathom/measure/metrics.h"
#include "fathom/nn/instance_norm.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/adam.h"
#include "fathom/train/tensor_file.h"
#include "tests/support/golden.h"

namespace fathom::pde {
namespace {

struct Case {
  std::string name;
  io::Safetensors file;
  ModelOptions options;
  Tensor x, target;  // channels first

  Tensor at(const std::string& tensor) const { return train::from_record(file.at(tensor)); }
};

Tensor channels_first(const Tensor& field) { return field.permute({0, 3, 1, 2}).contiguous(); }

// cfg: B, H, W, modes, width, depth, and of implicit networks normalize, padding (the explicit ones pad 9).
Case read_case(const std::filesystem::path& path) {
  Case c{path.filename().string(), io::read_safetensors(path), {}, {}, {}};
  const std::vector<std::int64_t> cfg = io::to_int64s(c.file.at("cfg"));
  c.options = {.width = cfg[4], .modes = cfg[3], .depth = cfg[5], .padding = 9, .coordinates = true};
  if (cfg.size() > 6) {
    c.options.normalize = cfg[6] != 0;
    c.options.padding = cfg[7];
  }
  c.x = channels_first(at::cat({c.at("in.x"), c.at("in.grid")}, 3));
  c.target = c.at("in.y").squeeze(3);
  return c;
}

std::vector<Case> cases_with(const std::string& tensor) {
  std::vector<Case> cases;
  for (const test::GoldenFile& file : test::golden_files("pde")) {
    if (file.has(tensor)) cases.push_back(read_case(file.path));
  }
  return cases;
}

FourierModel model_of(const Case& c, const std::string& prefix) {
  FourierModel model(c.options);
  train::copy_into(train::named_parameters(model), c.file, prefix, c.name);
  return model;
}

// |ours - theirs| <= rtol |theirs| + atol, elementwise.
void expect_close(const Tensor& ours, const Tensor& theirs, double rtol, double atol, const std::string& what) {
  ASSERT_EQ(ours.numel(), theirs.numel()) << what;
  const std::vector<double> a = tensor::to_doubles(ours), b = tensor::to_doubles(theirs);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], rtol * std::abs(b[i]) + atol) << what << " " << i;
}

// `rounding`: of the case itself, relative to the largest entry, where it is more than the set's tolerance.
void expect_parity(const Tensor& ours, const Tensor& theirs, const std::string& what, double rounding = 0) {
  expect_close(ours, theirs, 1e-4, (1e-5 + rounding) * theirs.abs().max().item<double>(), what);
}

// The fno's blocks are not normalised. At the start of a training their fields are nearly constant in space; the norms
// behind them divide by what little they vary, first z, then w0 N(z), and so multiply the rounding of z. Evaluated in
// double, the answer of the set's case moves by 3e-4 of its largest entry.
double rounding_of_fno(const FourierModel& model, const Tensor& x) {
  const at::NoGradGuard no_grad;
  const auto least_deviation = [](const Tensor& z) {
    return std::sqrt(z.flatten(2).var({2}, /*unbiased=*/false).min().item<double>() + 1e-5);
  };
  const Tensor z = model.blocks().forward(model.lift(x), {});
  const Tensor behind = at::conv2d(nn::instance_norm(z), model.named_parameters()["w0.weight"]);
  return 0x1p-24 * z.abs().max().item<double>() / (least_deviation(z) * least_deviation(behind));
}

double largest_entry(const Case& c, const std::string& prefix) {
  double largest = 0;
  for (const io::TensorRecord& record : c.file.tensors) {
    if (!record.name.starts_with(prefix)) continue;
    for (const double g : io::to_doubles(record)) largest = std::max(largest, std::abs(g));
  }
  return largest;
}

void expect_gradients(const FourierModel& model, const Case& c, const std::string& prefix, double rounding) {
  const double largest = largest_entry(c, prefix);
  ASSERT_GT(largest, 0) << prefix;
  for (const auto& [name, parameter] : train::named_parameters(model)) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    expect_close(parameter.grad(), c.at(prefix + name), 1e-4, (1e-4 + rounding) * largest, prefix + name);
  }
}

// Loss, answer and gradients of one way to train.
void expect_mode(const FourierModel& model, const Case& c, const Tensor& answer, const std::string& mode,
                 double rounding = 0) {
  SCOPED_TRACE(c.name + " " + mode);
  expect_parity(answer.unsqueeze(3), c.at(mode + ".out"), "answer", rounding);
  const Tensor loss = relative_loss(answer, c.target);
  const double theirs = c.at(mode + ".loss").item<double>();
  EXPECT_NEAR(loss.item<double>(), theirs, 1e-4 * theirs);
  loss.backward();
  expect_gradients(model, c, mode + ".grad.", rounding);
}

TEST(GoldenPde, TheFixtureSetHoldsCasesOfBothKinds) {
  EXPECT_FALSE(cases_with("block.out").empty());
  EXPECT_FALSE(cases_with("fnopp.out").empty());
}

TEST(GoldenPde, ParametersAreAsMany) {
  for (const Case& c : cases_with("count_params"))
    EXPECT_EQ(parameter_count(c.options), c.at("count_params")[0].item<std::int64_t>());
}

TEST(GoldenPde, PartsMatch) {
  for (const Case& c : cases_with("block.out")) {
    SCOPED_TRACE(c.name);
    const at::NoGradGuard no_grad;
    const FourierModel model = model_of(c, "w.");
    const Tensor z = c.at("block.in_z"), injected = model.lift(c.x);
    expect_parity(injected, c.at("injection"), "injection");
    expect_parity(model.conv().forward(c.at("sc.in")), c.at("sc.out"), "spectral convolution");
    expect_parity(model.mlp().forward(z), c.at("mlp.out"), "mlp");
    expect_parity(model.read_out().forward(z), c.at("q.out"), "q");
    expect_parity(model.map(injected)(z).only(), c.at("block.out"), "block");
  }
}

TEST(GoldenPde, PlainIteratesMatch) {
  for (const Case& c : cases_with("picard.out1")) {
    SCOPED_TRACE(c.name);
    const at::NoGradGuard no_grad;
    const FourierModel model = model_of(c, "w.");
    const Tensor injected = model.lift(c.x);
    const Map map = model.map(injected);
    State z = model.start(injected);
    for (int t = 1; c.file.find("picard.out" + std::to_string(t)) != nullptr; ++t) {
      z = map(z);
      const std::string number = std::to_string(t);
      if (c.file.find("picard.z" + number) != nullptr) expect_parity(z.only(), c.at("picard.z" + number), "z" + number);
      expect_parity(model.decode(z.only()).unsqueeze(3), c.at("picard.out" + number), "answer" + number);
      expect_parity(model.forward(c.x, t).unsqueeze(3), c.at("picard.out" + number), "forward" + number);
    }
  }
}

PaperSolution solve(const FourierModel& model, const Tensor& injected, std::int64_t threshold) {
  const Map map = model.map(injected);
  return paper_anderson([&](const Tensor& z) { return map(z).only(); }, model.start(injected).only(),
                        {.threshold = threshold});
}

// Below the rounding of one evaluation, some ten additions deep, residuals are nobody's.
TEST(GoldenPde, ThePapersAndersonMatches) {
  for (const Case& c : cases_with("anderson24.result")) {
    SCOPED_TRACE(c.name);
    const at::NoGradGuard no_grad;
    const FourierModel model = model_of(c, "w.");
    const PaperSolution solution = solve(model, model.lift(c.x), 24);
    expect_parity(solution.z, c.at("anderson24.result"), "z*");
    const std::vector<double> theirs = io::to_doubles(c.file.at("anderson24.abs_trace"));
    const double floor = 10 * 0x1p-24 * solution.z.norm().item<double>();
    ASSERT_LE(solution.residual.size(), theirs.size());
    EXPECT_GT(theirs[0], floor);
    for (std::size_t k = 0; k < solution.residual.size(); ++k)
      EXPECT_NEAR(solution.residual[k], theirs[k], 1e-2 * theirs[k] + floor) << "k = " << k + 2;
  }
}

TEST(GoldenPde, AnswersByThePapersThresholdMatch) {
  for (const Case& c : cases_with("eval_anderson.out1")) {
    const at::NoGradGuard no_grad;
    const FourierModel model = model_of(c, "w.");
    const Tensor injected = model.lift(c.x);
    for (const io::TensorRecord& record : c.file.tensors) {
      if (!record.name.starts_with("eval_anderson.out")) continue;
      const std::string number = record.name.substr(std::string("eval_anderson.out").size());
      SCOPED_TRACE(c.name + " threshold " + number);
      const Tensor answer = model.decode(solve(model, injected, std::stoll(number)).z);
      expect_parity(answer.unsqueeze(3), c.at(record.name), "answer");
      const std::vector<double> errors = measure::rel_l2(answer, c.target, 1e-9);
      expect_parity(at::tensor(errors), c.at("eval_anderson.rel" + number), "error");
    }
  }
}

TEST(GoldenPde, UnrolledTrainingMatches) {
  for (const Case& c : cases_with("train_unroll4.loss")) {
    const FourierModel model = model_of(c, "w.");
    expect_mode(model, c, equilibrium_answer(model, c.x, solve::Picard{}, diff::Unrolled{4}, {}), "train_unroll4");
  }
}

TEST(GoldenPde, PhantomTrainingMatches) {
  for (const Case& c : cases_with("train_pg.loss")) {
    const FourierModel model = model_of(c, "w.");
    expect_mode(model, c, paper_phantom_answer(model, c.x, 24, {.steps = 3, .damping = 0.8}), "train_pg");
  }
}

TEST(GoldenPde, TrainingByTheirHookMatches) {
  for (const Case& c : cases_with("train_ift.loss")) {
    const FourierModel model = model_of(c, "w.");
    expect_mode(model, c, paper_implicit_answer(model, c.x, 24), "train_ift");
  }
}

TEST(GoldenPde, ExplicitNetworksMatch) {
  for (const Case& c : cases_with("fnopp.out")) {
    for (const auto& [kind, prefix] : {std::pair{"fno", "fno"}, std::pair{"fno++", "fnopp"}}) {
      Case own = c;
      own.options.kind = kind;
      own.options.normalize = own.options.kind == "fno";
      const FourierModel model = model_of(own, std::string(prefix) + ".w.");
      expect_mode(model, own, model.forward(own.x), prefix,
                  own.options.kind == "fno" ? rounding_of_fno(model, own.x) : 0);
    }
  }
}

// A bias in front of a norm has no gradient but rounding, and Adam makes whole steps of whatever it gets: such weights
// may be anywhere within the steps.
void expect_stepped(const Tensor& ours, const Tensor& theirs, const Tensor& gradient, double least, double steps,
                    const std::string& what) {
  const std::vector<double> a = tensor::to_doubles(ours), b = tensor::to_doubles(theirs),
                            g = tensor::to_doubles(gradient);
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double allowed = 5e-4 * std::abs(b[i]) + 5e-4 + (std::abs(g[i]) < least ? 2 * steps : 0);
    ASSERT_NEAR(a[i], b[i], allowed) << what << " " << i;
  }
}

TEST(GoldenPde, AdamStepsOfComplexWeightsMatch) {
  for (const Case& c : cases_with("adam3.losses")) {
    SCOPED_TRACE(c.name);
    const FourierModel model = model_of(c, "w.");
    const train::NamedTensors named = train::named_parameters(model);
    std::vector<Tensor> parameters;
    std::vector<bool> paired;
    for (const auto& [name, parameter] : named) {
      parameters.push_back(parameter);
      paired.push_back(is_complex(name));
    }
    const double lr = 5e-3, least = 1e-6 * largest_entry(c, "train_pg.grad.");
    train::Adam adam(parameters, {.lr = lr, .weight_decay = 1e-4}, paired);
    const std::vector<double> losses = io::to_doubles(c.file.at("adam3.losses"));
    for (std::size_t step = 0; step < losses.size(); ++step) {
      adam.zero_grad();
      const Tensor loss = relative_loss(paper_phantom_answer(model, c.x, 24, {.steps = 3, .damping = 0.8}), c.target);
      EXPECT_NEAR(loss.item<double>(), losses[step], 5e-4 * losses[step]) << "step " << step;
      loss.backward();
      adam.step(lr);
    }
    const double steps = lr * static_cast<double>(losses.size());
    for (const auto& [name, parameter] : named)
      expect_stepped(parameter, c.at("adam3.w." + name), c.at("train_pg.grad." + name), least, steps, name);
  }
}

}  // namespace
}  // namespace fathom::pde
