// Ouro against a float64 reference that is written out here with plain loops and the checkpoint's own names: states of
// every loop, logits, the gate; on tensors and on packed weights, whole and token by token through the cache.
#include "fathom/domain/llm/ouro.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>

#include "fathom/base/error.h"
#include "fathom/domain/llm/generate.h"
#include "fathom/domain/llm/packed_ouro.h"
#include "fathom/domain/llm/tensor_model.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"

namespace fathom::llm {
namespace {

using Matrix = std::vector<std::vector<double>>;  // rows
using Vector = std::vector<double>;
using Ids = std::vector<std::int64_t>;

constexpr const char* kConfig = R"({"model_type": "ouro", "hidden_size": 24, "num_attention_heads": 3,
  "num_key_value_heads": 3, "intermediate_size": 40, "vocab_size": 50, "max_position_embeddings": 32,
  "num_hidden_layers": 2, "total_ut_steps": 4, "rope_theta": 1000000.0, "rms_norm_eps": 1e-6,
  "tie_word_embeddings": false, "early_exit_threshold": 0.6})";

ModelConfig ouro_config() { return parse_model_config(io::parse_json_scalars(kConfig, "test")); }

// A checkpoint under the names of the published files, random.
std::map<std::string, Tensor> checkpoint(const ModelConfig& c) {
  tensor::seed(11);
  const auto random = [](std::int64_t out, std::int64_t in) { return at::randn({out, in}) / std::sqrt(1.0 * in); };
  const auto norm = [](std::int64_t n) { return 1 + 0.1 * at::randn({n}); };
  std::map<std::string, Tensor> t;
  t["model.embed_tokens.weight"] = at::randn({c.vocabulary, c.width});
  t["lm_head.weight"] = 2 * random(c.vocabulary, c.width);
  t["model.norm.weight"] = norm(c.width);
  t["model.early_exit_gate.weight"] = random(1, c.width);
  t["model.early_exit_gate.bias"] = at::randn({1}) - 1;
  for (std::int64_t i = 0; i < c.core; ++i) {
    const std::string layer = fmt::format("model.layers.{}.", i);
    for (const char* p : {"q", "k", "v", "o"}) t[layer + "self_attn." + p + "_proj.weight"] = random(c.width, c.width);
    t[layer + "mlp.gate_proj.weight"] = random(c.hidden, c.width);
    t[layer + "mlp.up_proj.weight"] = random(c.hidden, c.width);
    t[layer + "mlp.down_proj.weight"] = random(c.width, c.hidden);
    for (const char* n :
         {"input_layernorm", "input_layernorm_2", "post_attention_layernorm", "post_attention_layernorm_2"})
      t[layer + n + ".weight"] = norm(c.width);
  }
  return t;
}

Weights weights_from(const std::map<std::string, Tensor>& tensors) {
  return {[tensors](const std::string& name) { return tensors.contains(name); },
          [tensors](const std::string& name) { return tensors.at(name); }, "the test's checkpoint"};
}

class Reference {
 public:
  Reference(const ModelConfig& config, const std::map<std::string, Tensor>& tensors) : c_(config), tensors_(tensors) {}

  Matrix embed(const Ids& ids) const {
    Matrix h;
    for (const std::int64_t id : ids) h.push_back(row("model.embed_tokens.weight", id));
    return h;
  }

  Matrix loop(Matrix h) const {
    for (std::int64_t i = 0; i < c_.core; ++i) h = layer(h, fmt::format("model.layers.{}.", i));
    return norm(h, "model.norm.weight");
  }

  Vector logits(const Vector& h) const { return product("lm_head.weight", h); }
  double gate(const Vector& h) const {
    const double z = product("model.early_exit_gate.weight", h)[0] + row("model.early_exit_gate.bias", -1)[0];
    return 1 / (1 + std::exp(-z));
  }

 private:
  Vector row(const std::string& name, std::int64_t r) const {
    return tensor::to_doubles(r < 0 ? tensors_.at(name) : tensors_.at(name)[r]);
  }

  Vector product(const std::string& name, const Vector& x) const {
    const Vector w = tensor::to_doubles(tensors_.at(name));
    Vector y(w.size() / x.size());
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t k = 0; k < x.size(); ++k) y[o] += w[o * x.size() + k] * x[k];
    }
    return y;
  }

  Matrix norm(Matrix h, const std::string& name) const {
    const Vector w = row(name, -1);
    for (Vector& x : h) {
      double square = 0;
      for (const double value : x) square += value * value;
      const double scale = 1 / std::sqrt(square / static_cast<double>(x.size()) + c_.norm_eps);
      for (std::size_t k = 0; k < x.size(); ++k) x[k] *= scale * w[k];
    }
    return h;
  }

  // Rotate-half, position p, in place.
  void rotate(Vector& x, double p) const {
    const std::int64_t d = c_.head_dim(), half = d / 2;
    for (std::int64_t head = 0; head < c_.heads; ++head) {
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = p * std::pow(c_.rope_base, -2.0 * static_cast<double>(i) / static_cast<double>(d));
        double &a = x[head * d + i], &b = x[head * d + i + half];
        const double a0 = a, b0 = b;
        a = a0 * std::cos(angle) - b0 * std::sin(angle);
        b = b0 * std::cos(angle) + a0 * std::sin(angle);
      }
    }
  }

  Vector attend(const Matrix& q, const Matrix& k, const Matrix& v, std::size_t row_index) const {
    const std::int64_t d = c_.head_dim();
    Vector out(c_.width);
    for (std::int64_t head = 0; head < c_.heads; ++head) {
      Vector p;
      double sum = 0;
      for (std::size_t j = 0; j <= row_index; ++j) {
        double score = 0;
        for (std::int64_t i = head * d; i < (head + 1) * d; ++i) score += q[row_index][i] * k[j][i];
        p.push_back(std::exp(score / std::sqrt(static_cast<double>(d))));
        sum += p.back();
      }
      for (std::size_t j = 0; j <= row_index; ++j) {
        for (std::int64_t i = head * d; i < (head + 1) * d; ++i) out[i] += p[j] / sum * v[j][i];
      }
    }
    return out;
  }

  static void add(Matrix& h, const Matrix& branch) {
    for (std::size_t r = 0; r < h.size(); ++r) {
      for (std::size_t k = 0; k < h[r].size(); ++k) h[r][k] += branch[r][k];
    }
  }

  Matrix layer(Matrix h, const std::string& name) const {
    Matrix q, k, v, branch;
    for (const Vector& x : norm(h, name + "input_layernorm.weight")) {
      const double position = static_cast<double>(q.size());
      q.push_back(product(name + "self_attn.q_proj.weight", x));
      k.push_back(product(name + "self_attn.k_proj.weight", x));
      v.push_back(product(name + "self_attn.v_proj.weight", x));
      rotate(q.back(), position);
      rotate(k.back(), position);
    }
    for (std::size_t r = 0; r < h.size(); ++r)
      branch.push_back(product(name + "self_attn.o_proj.weight", attend(q, k, v, r)));
    add(h, norm(branch, name + "input_layernorm_2.weight"));
    branch.clear();
    for (const Vector& x : norm(h, name + "post_attention_layernorm.weight")) {
      Vector gate = product(name + "mlp.gate_proj.weight", x);
      const Vector up = product(name + "mlp.up_proj.weight", x);
      for (std::size_t i = 0; i < gate.size(); ++i) gate[i] *= up[i] / (1 + std::exp(-gate[i]));
      branch.push_back(product(name + "mlp.down_proj.weight", gate));
    }
    add(h, norm(branch, name + "post_attention_layernorm_2.weight"));
    return h;
  }

  ModelConfig c_;
  std::map<std::string, Tensor> tensors_;
};

const Ids kIds = {3, 49, 17, 0, 8, 8, 21};

void expect_rows(const Tensor& ours, const Matrix& theirs, double tolerance, const std::string& what) {
  const Vector numbers = tensor::to_doubles(ours);
  const std::size_t width = theirs[0].size();
  ASSERT_EQ(numbers.size(), theirs.size() * width);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    ASSERT_NEAR(numbers[i], theirs[i / width][i % width], tolerance) << what << " at " << i;
}

TEST(Ouro, EveryLoopMatchesTheReferenceInFloat64) {
  const at::NoGradGuard no_grad;
  const ModelConfig config = ouro_config();
  const auto tensors = checkpoint(config);
  const Reference reference(config, tensors);
  const auto module = make_module(config, weights_from(tensors));
  module->to(at::kDouble);
  const Tensor ids = tensor::from_int64s(kIds, {1, 7}), context = module->embed(ids);
  Matrix h = reference.embed(kIds);
  Tensor x = context;
  // The table of angles is float32: off by at most position * 2^-23 in an angle.
  for (std::int64_t t = 0; t < config.recurrences; ++t) {
    h = reference.loop(h);
    x = module->run(context, x, {1, 0});
    expect_rows(x, h, 1e-5, fmt::format("loop {}", t));
    for (std::size_t r = 0; r < h.size(); ++r) {
      const Tensor row = x[0][static_cast<std::int64_t>(r)];
      EXPECT_NEAR(module->stop_probability(row).item<double>(), reference.gate(h[r]), 1e-5);
    }
  }
  Matrix logits;
  for (const Vector& row : h) logits.push_back(reference.logits(row));
  expect_rows(module->logits(x), logits, 1e-4, "logits");
}

template <class Run>
void on_tensors_and_packed(const Run& run) {
  const ModelConfig config = ouro_config();
  const auto tensors = checkpoint(config);
  TensorModel on_tensors(make_module(config, weights_from(tensors)));
  PackedOuro packed(config, fused_ouro(weights_from(tensors)), kernel::WeightFormat::f32);
  const Reference reference(config, tensors);
  run(on_tensors, reference);
  run(packed, reference);
}

TEST(Ouro, DecodingThroughTheCacheMatchesWholeSequences) {
  on_tensors_and_packed([](LoopedModel& model, const Reference& reference) {
    Matrix h = reference.embed(kIds);
    for (std::int64_t t = 0; t < model.config().recurrences; ++t) h = reference.loop(h);
    Cache cache = model.make_cache({{}, model.config().recurrences, 7});
    Decoder decoder(model);
    for (std::int64_t first = 0; first < 7;) {
      const std::int64_t rows = first == 0 ? 4 : 1;
      const Work work{&cache, first, std::span(kIds).subspan(first, rows), nullptr, model.config().recurrences};
      const Thought& thought = decoder.run({&work, 1}, {})[0];
      const Vector expected = reference.logits(h[first + rows - 1]);
      for (std::size_t v = 0; v < expected.size(); ++v) ASSERT_NEAR(thought.logits[v], expected[v], 2e-4);
      first += rows;
    }
    EXPECT_EQ(cache.slots.slots().size(), static_cast<std::size_t>(model.config().recurrences * model.config().core));
  });
}

TEST(Ouro, TheGateStopsAtTheFirstLoopWhereItsProbabilityIsUsed) {
  on_tensors_and_packed([](LoopedModel& model, const Reference& reference) {
    const double threshold = model.config().exit_threshold;
    Matrix h = reference.embed(kIds);
    double left = 1;
    std::int64_t expected = 0;
    while (expected < model.config().recurrences && 1 - left < threshold) {
      h = reference.loop(h);
      left *= 1 - reference.gate(h.back());
      ++expected;
    }
    ASSERT_NEAR(std::abs(1 - left - threshold), 0.5, 0.49) << "too near to the threshold to test";
    Cache cache = model.make_cache({{}, model.config().recurrences, 7});
    Decoder decoder(model);
    const Work work{&cache, 0, kIds, nullptr, model.config().recurrences};
    const Thought& thought = decoder.run({&work, 1}, parse_exit_rule("gate"))[0];
    EXPECT_EQ(thought.steps, expected);
  });
}

TEST(Ouro, GradientsReachEveryParameterButTheGate) {
  const ModelConfig config = ouro_config();
  const auto module = make_module(config, weights_from(checkpoint(config)));
  const Tensor ids = tensor::from_int64s(kIds, {1, 7});
  const Tensor context = module->embed(ids);
  loss(module->logits(module->run(context, context, {0, 2})), ids).backward();
  for (const auto& item : module->named_parameters()) {
    const bool gate = item.key().starts_with("early_exit_gate");
    EXPECT_EQ(item.value().grad().defined() && item.value().grad().abs().max().item<double>() > 0, !gate) << item.key();
  }
}

TEST(Ouro, SaysWhichTensorIsMissing) {
  const ModelConfig config = ouro_config();
  auto tensors = checkpoint(config);
  tensors.erase("model.layers.1.mlp.up_proj.weight");
  try {
    make_module(config, weights_from(tensors));
    ADD_FAILURE() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("has no tensor layers.1.mlp.fc.weight"));
  }
}

}  // namespace
}  // namespace fathom::llm
