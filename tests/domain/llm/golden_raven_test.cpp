// Parity of Raven with the reference implementation: prelude, one recurrence layer by layer, every state, logits, loss
// and gradients of truncated backpropagation. Tolerance: that of the set's README.json, 2e-4 on float32 logits; the
// states are of size 1 and come closer than that; gradients relative to their tensor's largest entry.
#include <gtest/gtest.h>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/nn/attention.h"
#include "tests/domain/llm/golden.h"

namespace fathom::llm {
namespace {

struct States {
  Tensor e;
  std::vector<Tensor> x;  // x_0 ..
};

// All states from `start`, without a graph.
States states(const GoldenModel& g, Tensor x, std::int64_t steps) {
  const at::NoGradGuard no_grad;
  States run{g.model->embed(g.at("input_ids")), {x}};
  for (std::int64_t t = 0; t < steps; ++t) run.x.push_back(x = g.model->run(run.e, x, {0, 1}));
  return run;
}

// "logits_r8" -> 8
std::int64_t depth_of(const std::string& tensor) { return std::stoll(tensor.substr(tensor.rfind("_r") + 2)); }

bool is_logits(const std::string& tensor) {
  return tensor.starts_with("logits_r") || tensor.starts_with("logits_zero_r");
}

TEST(GoldenRaven, PreludeMatches) {
  for (const GoldenModel& g : golden_models())
    expect_near(g.model->embed(g.at("input_ids")), g.at("prelude_out"), kLogits, g.name);
}

// A checkpoint may hold the cosines and sines of its positions: (1, positions, 1, head_dim / 2, 2).
TEST(GoldenRaven, RotaryTableIsTheCheckpoints) {
  for (const GoldenModel& g : golden_models()) {
    const Weights weights = read_weights(g.folder);
    if (!weights.has("freqs_cis")) continue;
    const Tensor theirs = weights.get("freqs_cis")[0].squeeze(1);
    const nn::RotaryTable ours = g.model->rotary(at::arange(theirs.size(0), at::kLong));
    expect_near(ours.cos, theirs.select(-1, 0), 1e-6, g.name + " cos");
    expect_near(ours.sin, theirs.select(-1, 1), 1e-6, g.name + " sin");
  }
}

TEST(GoldenRaven, OneRecurrenceMatchesLayerByLayer) {
  const at::NoGradGuard no_grad;
  for (const GoldenModel& g : golden_models()) {
    const std::int64_t rows = g.prompt();
    const nn::RotaryTable rotary = g.model->rotary(at::arange(rows, at::kLong));
    const nn::Attend attend = [mask = nn::causal_mask(rows, rows, at::kCPU)](auto& q, auto& k, auto& v) {
      return nn::attention(q, k, v, mask);
    };
    Tensor x = g.model->adapter(g.start(), g.at("prelude_out"));
    expect_near(x, g.at("step1_adapter_out"), kLogits, g.name + " adapter");
    for (std::int64_t i = 0; i < g.model->config().core; ++i) {
      x = g.model->core_layer(i, x, rotary, attend);
      const std::string name = fmt::format("step1_core{}_out", i);
      expect_near(x, g.at(name), kLogits, g.name + " " + name);
    }
  }
}

TEST(GoldenRaven, EveryStateMatches) {
  for (const GoldenModel& g : golden_models()) {
    const Tensor expected = g.at("states_raw"), residual = g.at("rel_step_residual");
    const std::int64_t steps = expected.size(0) - 1;
    const States run = states(g, g.start(), steps);
    for (std::int64_t t = 0; t <= steps; ++t)
      expect_near(run.x[t], expected[t], kLogits, fmt::format("{} x_{}", g.name, t));
    for (std::int64_t t = 0; t < steps; ++t) {
      const Tensor r = (run.x[t + 1] - run.x[t]).norm(2, {-1}) / run.x[t + 1].norm(2, {-1});
      expect_near(r, residual[t], kLogits, fmt::format("{} residual {}", g.name, t));
    }
  }
}

TEST(GoldenRaven, TheMapIsTheSameIteration) {
  const at::NoGradGuard no_grad;
  for (const GoldenModel& g : golden_models()) {
    const Map map = g.model->map(g.model->embed(g.at("input_ids")));
    State x = g.start();
    for (int t = 0; t < 4; ++t) x = map(x);
    expect_near(x.only(), g.at("states_raw")[4], kLogits, g.name);
  }
}

TEST(GoldenRaven, CodaMatchesLayerByLayer) {
  const at::NoGradGuard no_grad;
  for (const GoldenModel& g : golden_models()) {
    const std::int64_t rows = g.prompt(), last = g.at("states_raw").size(0) - 1;
    const Tensor x = states(g, g.start(), last).x.back();
    const nn::RotaryTable rotary = g.model->rotary(at::arange(rows, at::kLong));
    const nn::Attend attend = [mask = nn::causal_mask(rows, rows, at::kCPU)](auto& q, auto& k, auto& v) {
      return nn::attention(q, k, v, mask);
    };
    const std::string r = fmt::format("_r{}", last);
    Tensor z = g.model->latent(x);
    const Tensor latent = z;
    expect_near(z, g.at("latent_states" + r), kLogits, g.name + " latent");
    for (std::int64_t i = 0; i < g.model->config().coda; ++i) {
      z = g.model->coda_layer(i, z, rotary, attend);
      if (g.has(fmt::format("coda{}_out{}", i, r)))
        expect_near(z, g.at(fmt::format("coda{}_out{}", i, r)), kLogits, g.name + " coda");
    }
    const Tensor head = g.model->latent(z);
    expect_near(head, g.at("head" + r), kLogits, g.name + " head");
    const Tensor residual = (head - latent).norm(2, {-1}), log_p = at::log_softmax(g.model->head(head), -1);
    expect_near(residual, g.at("stats" + r + "_residual_diff"), kLogits, g.name + " residual_diff");
    expect_near(residual / latent.norm(2, {-1}), g.at("stats" + r + "_rel_residual"), kLogits,
                g.name + " rel_residual");
    expect_near(-(log_p.exp() * log_p).sum(-1), g.at("stats" + r + "_entropy"), kLogits, g.name + " entropy");
  }
}

TEST(GoldenRaven, LogitsMatchAtEveryDepth) {
  int checked = 0;
  for (const GoldenModel& g : golden_models()) {
    for (const io::TensorRecord& record : g.expected.tensors) {
      if (!is_logits(record.name)) continue;
      const bool zero = record.name.starts_with("logits_zero");
      const Tensor start = zero ? at::zeros_like(g.start()) : g.start();
      const at::NoGradGuard no_grad;
      Tensor logits = g.model->forward(g.at("input_ids"), start, {depth_of(record.name), 0});
      const Tensor expected = g.at(record.name);
      if (expected.size(1) == 1) logits = logits.narrow(1, logits.size(1) - 1, 1);  // the last position
      expect_near(logits, expected, kLogits, g.name + " " + record.name);
      ++checked;
    }
    if (g.has("tf_logits_nocache_r8")) {
      const at::NoGradGuard no_grad;
      expect_near(g.model->forward(g.at("tf_ids"), g.at("state0"), {8, 0}), g.at("tf_logits_nocache_r8"), kLogits,
                  g.name + " tf_logits_nocache_r8");
    }
  }
  EXPECT_GT(checked, 0);
}

TEST(GoldenRaven, LossAndTruncatedGradientsMatch) {
  for (const GoldenModel& g : golden_models()) {
    g.model->zero_grad();
    {
      const at::NoGradGuard no_grad;
      const Tensor logits = g.model->forward(g.at("input_ids"), g.start(), {8, 0});
      EXPECT_NEAR(loss(logits, g.at("labels")).item<double>(), g.at("loss_r8").item<double>(), kLogits);
    }
    const Tensor value = loss(g.model->forward(g.at("input_ids"), g.start(), {4, 2}), g.at("labels"));
    EXPECT_NEAR(value.item<double>(), g.at("loss_nograd4_grad2").item<double>(), kLogits);
    value.backward();
    const auto gradients = g.model->named_parameters();
    const auto expect = [&](const std::string& tensor, const Tensor& gradient) {
      if (!g.has(tensor)) return;
      const Tensor theirs = g.at(tensor);
      expect_near(gradient, theirs, 1e-4 * theirs.abs().max().item<double>(), g.name + " " + tensor);
    };
    expect("grad_adapter_row0", gradients["transformer.adapter.weight"].grad()[0]);
    expect("grad_ln_f", gradients["transformer.ln_f.weight"].grad());
    expect("grad_core0_norm_1", gradients["transformer.core_block.0.norm_1.weight"].grad());
    if (g.has("grad_core0_qk_bias"))
      expect("grad_core0_qk_bias", gradients["transformer.core_block.0.attn.qk_bias"].grad());
    for (const auto& [name, norm] : g.about.at("grad_norms_loss_nograd4_grad2").items()) {
      ASSERT_TRUE(gradients.contains(name)) << name;
      EXPECT_NEAR(gradients[name].grad().norm().item<double>(), norm.get<double>(), 1e-4 * norm.get<double>()) << name;
    }
  }
}

TEST(GoldenRaven, ParameterCountMatches) {
  for (const GoldenModel& g : golden_models()) {
    std::int64_t count = 0;
    for (const Tensor& p : g.model->parameters()) count += p.numel();
    EXPECT_EQ(count, g.about.at("param_count").get<std::int64_t>()) << g.name;
  }
}

}  // namespace
}  // namespace fathom::llm
