// Parity with the original classes of the paper's LP case study: outputs for t = 0..12, gradients, five Adam steps.
// Tolerances are those of the fixture set's README.json: 1e-4 relative with 1e-5 of the tensor's largest entry,
// gradients against the file's largest gradient, weights after Adam steps 5e-4.
#include <gtest/gtest.h>

#include <cmath>

#include <ATen/ops/mse_loss.h>

#include "fathom/domain/lp/model.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/adam.h"
#include "fathom/train/tensor_file.h"
#include "tests/support/golden.h"

namespace fathom::lp {
namespace {

struct Case {
  io::Safetensors file;
  Batch batch;
  ModelOptions options;
};

Tensor tensor_of(const Case& c, const std::string& name) { return train::from_record(c.file.at(name)); }

Case read_case(const std::filesystem::path& path) {
  io::Safetensors file = io::read_safetensors(path);
  const std::vector<std::int64_t> shape = io::to_int64s(file.at("in.shape"));  // K, m, n, nnz, emb
  const Tensor edges = train::from_record(file.at("in.edge_index"));
  Batch batch{.programs = shape[0],
              .graph = tensor::Graph::from_edges(shape[0] * shape[1], shape[0] * shape[2], edges[0], edges[1],
                                                 train::from_record(file.at("in.edge_attr"))),
              .constraints = train::from_record(file.at("in.cons")),
              .variables = train::from_record(file.at("in.var")),
              .labels = train::from_record(file.at("in.labels"))};
  return {std::move(file), std::move(batch), {.embedding = shape[4]}};
}

std::vector<Case> model_cases() {
  std::vector<Case> cases;
  for (const test::GoldenFile& file : test::golden_files("lp")) {
    if (file.has("deq.out_iter")) cases.push_back(read_case(file.path));
  }
  return cases;
}

// |ours - theirs| <= rtol |theirs| + atol * scale, elementwise.
void expect_close(const Tensor& ours, const Tensor& theirs, double rtol, double atol_times_scale,
                  const std::string& what) {
  ASSERT_EQ(ours.numel(), theirs.numel()) << what;
  const std::vector<double> a = tensor::to_doubles(ours), b = tensor::to_doubles(theirs);
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], rtol * std::abs(b[i]) + atol_times_scale) << what << " at " << i;
}

void expect_parity(const Tensor& ours, const Tensor& theirs, const std::string& what) {
  expect_close(ours, theirs, 1e-4, 1e-5 * theirs.abs().max().item<double>(), what);
}

double largest_gradient(const Case& c, const std::string& prefix) {
  double largest = 0;
  for (const io::TensorRecord& record : c.file.tensors) {
    if (!record.name.starts_with(prefix)) continue;
    for (const double g : io::to_doubles(record)) largest = std::max(largest, std::abs(g));
  }
  return largest;
}

void expect_gradients(Model& model, const Case& c, std::int64_t iterations, const std::string& prefix) {
  const double scale = largest_gradient(c, prefix);
  ASSERT_GT(scale, 0) << prefix;
  at::mse_loss(model.forward(c.batch, iterations), c.batch.labels).backward();
  for (auto& [name, parameter] : train::named_parameters(model)) {
    expect_close(parameter.grad(), tensor_of(c, prefix + name), 1e-4, 1e-4 * scale, prefix + name);
  }
}

void expect_adam(Model& model, const Case& c, std::int64_t iterations, const std::string& prefix) {
  const train::NamedTensors named = train::named_parameters(model);
  std::vector<Tensor> parameters;
  for (const auto& [name, parameter] : named) parameters.push_back(parameter);
  train::Adam adam(parameters, {.lr = 1e-2});
  const std::vector<double> losses = io::to_doubles(c.file.at(prefix + "losses"));
  for (std::size_t step = 0; step < losses.size(); ++step) {
    adam.zero_grad();
    const Tensor loss = at::mse_loss(model.forward(c.batch, iterations), c.batch.labels);
    EXPECT_NEAR(loss.item<double>(), losses[step], 5e-4 * std::abs(losses[step])) << prefix << " step " << step;
    loss.backward();
    adam.step(1e-2);
  }
  for (const auto& [name, parameter] : named)
    expect_close(parameter, tensor_of(c, prefix + "w." + name), 5e-4, 5e-4, prefix + name);
}

TEST(GoldenModel, TheFixtureSetHoldsModelCases) { EXPECT_FALSE(model_cases().empty()); }

TEST(GoldenModel, ImplicitOutputsAndIteratesMatchAtEveryDepth) {
  for (const Case& c : model_cases()) {
    ImplicitGnn model(c.options);
    train::copy_into(train::named_parameters(model), c.file, "deq.w.", "golden");
    const ImplicitGnn::Context context = model.embed(c.batch);
    expect_parity(context.constraints, tensor_of(c, "deq.static_cons"), "static_cons");
    expect_parity(context.variables, tensor_of(c, "deq.static_var"), "static_var");
    const Tensor outputs = tensor_of(c, "deq.out_iter"), iterates = tensor_of(c, "deq.y_iter");
    Tensor y = at::Tensor(iterates[0]).clone().view({-1, 1});
    for (std::int64_t t = 0; t < outputs.size(0); ++t) {
      expect_parity(y.flatten(), iterates[t], "y at t");
      expect_parity(model.read_out(context, y).flatten(), outputs[t], "output at t");
      expect_parity(model.forward(c.batch, t).flatten(), outputs[t], "forward at t");
      y = model.step(c.batch, context, y);
    }
  }
}

TEST(GoldenModel, ImplicitMapOnStatesIsTheSameIteration) {
  for (const Case& c : model_cases()) {
    ImplicitGnn model(c.options);
    train::copy_into(train::named_parameters(model), c.file, "deq.w.", "golden");
    const Map map = model.map(c.batch, model.embed(c.batch));
    State y = model.start(c.batch);
    EXPECT_EQ(y.batch(), c.batch.programs);
    EXPECT_FALSE(map.compactable());
    for (int t = 0; t < 3; ++t) y = map(y);
    expect_parity(y.flat().flatten(), tensor_of(c, "deq.y_iter")[3], "y_3");
  }
}

TEST(GoldenModel, ExplicitOutputMatches) {
  for (const Case& c : model_cases()) {
    ExplicitGnn model(c.options);
    train::copy_into(train::named_parameters(model), c.file, "gnn.w.", "golden");
    const Tensor out = model.forward(c.batch, 0);
    expect_parity(out, tensor_of(c, "gnn.out"), "gnn.out");
    EXPECT_NEAR(at::mse_loss(out, c.batch.labels).item<double>(), tensor_of(c, "gnn.mse").item<double>(),
                1e-4 * tensor_of(c, "gnn.mse").item<double>());
  }
}

TEST(GoldenModel, GradientsMatch) {
  for (const Case& c : model_cases()) {
    ExplicitGnn gnn(c.options);
    train::copy_into(train::named_parameters(gnn), c.file, "gnn.w.", "golden");
    expect_gradients(gnn, c, 0, "gnn.grad.");
    ImplicitGnn deq(c.options);
    train::copy_into(train::named_parameters(deq), c.file, "deq.w.", "golden");
    expect_gradients(deq, c, 3, "deq.train3.grad.");
  }
}

TEST(GoldenModel, FiveAdamStepsMatch) {
  for (const Case& c : model_cases()) {
    ExplicitGnn gnn(c.options);
    train::copy_into(train::named_parameters(gnn), c.file, "gnn.w.", "golden");
    expect_adam(gnn, c, 0, "gnn.adam5.");
    ImplicitGnn deq(c.options);
    train::copy_into(train::named_parameters(deq), c.file, "deq.w.", "golden");
    expect_adam(deq, c, 3, "deq.adam5.");
  }
}

}  // namespace
}  // namespace fathom::lp
