// Parity of decoding with the reference implementation, on tensors and on packed float32 weights: cached logits under
// every lookup strategy and mixed depth, the cache's own numbers, greedy tokens, adaptive runs with their exits and
// values, speculation, initial states.
#include <gtest/gtest.h>

#include <cmath>

#include "fathom/domain/llm/generate.h"
#include "fathom/domain/llm/speculate.h"
#include "fathom/domain/llm/tensor_model.h"
#include "tests/domain/llm/golden.h"
#include "tests/domain/llm/looped_models.h"

namespace fathom::llm {
namespace {

using Ids = std::vector<std::int64_t>;

Ids ids_of(const Tensor& tensor) {
  Ids ids;
  for (const double value : tensor::to_doubles(tensor)) ids.push_back(static_cast<std::int64_t>(value));
  return ids;
}

InitialState given(const Tensor& states) {  // (1, positions, E)
  return [states = states.contiguous()](std::int64_t first, std::int64_t rows, float* x) {
    const Tensor part = states[0].narrow(0, first, rows).contiguous();
    std::copy_n(part.data_ptr<float>(), part.numel(), x);
  };
}

// The teacher-forced sequence in chunks through one cache; steps_of(first position) recurrences a chunk.
template <class Steps>
Tensor forced(const GoldenModel& g, LoopedModel& model, const std::string& strategy, const Steps& steps_of,
              CacheSlots* slots = nullptr) {
  const Ids ids = ids_of(g.at("tf_ids"));
  const auto length = static_cast<std::int64_t>(ids.size());
  Cache cache = model.make_cache({parse_cache_strategy(strategy), 8, length});
  Decoder decoder(model);
  const InitialState start = given(g.at("state0"));
  std::vector<float> x0(ids.size() * model.config().width);
  std::vector<double> logits;
  for (const auto& part : g.about.at("tf_schedule")) {
    const std::int64_t first = part[0], rows = part[1].get<std::int64_t>() - first;
    start(first, rows, x0.data());
    const Work work{&cache, first, std::span(ids).subspan(first, rows), x0.data(), steps_of(first), true};
    const Thought& thought = decoder.run({&work, 1}, {})[0];
    logits.insert(logits.end(), thought.logits.begin(), thought.logits.end());
  }
  if (slots != nullptr) *slots = cache.slots;
  return tensor::from_doubles(logits, {1, length, model.config().vocabulary});
}

TEST(GoldenDecode, CachedLogitsMatchUnderEveryStrategy) {
  constexpr std::string_view kPrefix = "tf_logits_cache_r8__";
  int checked = 0;
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    for (const io::TensorRecord& record : g.expected.tensors) {
      if (!record.name.starts_with(kPrefix)) continue;
      const std::string strategy = record.name.substr(kPrefix.size());
      CacheSlots slots({}, {}, 0, 1);
      const Tensor logits = forced(
          g, model, strategy, [](std::int64_t) { return 8; }, &slots);
      expect_near(logits, g.at(record.name), kLogits, g.name + " " + record.name);
      EXPECT_EQ(slots.slots(), g.about.at("cache_slots_after_tf").at(strategy).get<Ids>()) << record.name;
      ++checked;
    }
  });
  EXPECT_GT(checked, 0);
}

TEST(GoldenDecode, MixedDepthMatches) {
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    if (!g.has("tf_logits_prefill8_decode3")) return;
    const Tensor expected = g.at("tf_logits_prefill8_decode3");
    // The prompt as one chunk at depth 8, then token by token at depth 3.
    const Ids ids = ids_of(g.at("tf_ids"));
    const auto length = static_cast<std::int64_t>(ids.size());
    Cache cache = model.make_cache({parse_cache_strategy("full"), 8, length});
    Decoder decoder(model);
    std::vector<float> x0(ids.size() * model.config().width);
    std::vector<double> logits;
    for (std::int64_t first = 0; first < length;) {
      const std::int64_t rows = first == 0 ? g.prompt() : 1;
      given(g.at("state0"))(first, rows, x0.data());
      const Work work{&cache, first, std::span(ids).subspan(first, rows), x0.data(), first == 0 ? 8 : 3, true};
      const Thought& thought = decoder.run({&work, 1}, {})[0];
      logits.insert(logits.end(), thought.logits.begin(), thought.logits.end());
      first += rows;
    }
    expect_near(tensor::from_doubles(logits, {1, length, model.config().vocabulary}), expected, kLogits, g.name);
  });
}

TEST(GoldenDecode, CachedKeysAndValuesMatch) {
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    const Ids ids = ids_of(g.at("input_ids"));
    Cache cache = model.make_cache({{}, 2, g.prompt()});
    std::vector<float> x0(ids.size() * model.config().width);
    given(g.at("state0"))(0, g.prompt(), x0.data());
    Decoder decoder(model);
    const Work work{&cache, 0, ids, x0.data(), 2};
    decoder.run({&work, 1}, {});
    EXPECT_EQ(cache.slots.slots(), g.about.at("kv_slots_r2").get<Ids>());
    const std::int64_t coda = model.config().coda;
    const std::pair<std::string, std::int64_t> places[] = {
        {"slot0", coda}, {"slotP", coda + model.config().prelude}, {"slotm1", coda - 1}};
    for (const auto& [name, place] : places) {
      expect_near(cache.keys[place][1], g.at(fmt::format("kv_{}_pos1_k", name)), kLogits, g.name + name);
      if (!g.has(fmt::format("kv_{}_pos1_v", name))) continue;
      expect_near(cache.values[place][1], g.at(fmt::format("kv_{}_pos1_v", name)), kLogits, g.name + name);
    }
  });
}

// "zero_r8__latest-m4" -> steps 8, cache "latest-m4"; "continuous" is the warm start with ln_f(x).
GenerateOptions greedy_options(const GoldenModel& g, const std::string& name) {
  GenerateOptions options;
  const std::size_t r = name.find("_r"), mark = name.find("__");
  options.steps = std::stoll(name.substr(r + 2));
  if (name.starts_with("state0")) options.start = given(g.at("state0"));
  const std::string variant = mark == std::string::npos ? "full" : name.substr(mark + 2);
  if (variant == "continuous") {
    options.warm_start = WarmStart::latent;
  } else {
    options.cache = parse_cache_strategy(variant);
  }
  return options;
}

TEST(GoldenDecode, GreedyTokensAreExact) {
  int checked = 0;
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    for (const auto& [name, tokens] : g.about.at("greedy").items()) {
      GenerateOptions options = greedy_options(g, name);
      const Ids expected = tokens.get<Ids>(), prompt(expected.begin(), expected.begin() + g.prompt());
      options.new_tokens = static_cast<std::int64_t>(expected.size()) - g.prompt();
      EXPECT_EQ(generate(model, {prompt}, options)[0].ids, expected) << g.name << " " << name;
      ++checked;
    }
  });
  EXPECT_GT(checked, 0);
}

// "latent-diff|auto|latest-m4|{...}"
GenerateOptions adaptive_options(const std::string& name, std::int64_t steps) {
  std::vector<std::string> parts = {""};
  for (const char c : name) {
    if (c == '|' && parts.size() < 4) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  GenerateOptions options{.steps = steps, .exit = parse_exit_rule(parts.at(0) + ":" + parts.at(1))};
  options.cache = parse_cache_strategy(parts.at(2));
  if (parts.size() < 4) return options;
  const nlohmann::json more = nlohmann::json::parse(parts[3]);
  if (more.value("continuous_compute", false)) options.warm_start = WarmStart::state;
  options.exit_in_prefill = !more.value("do_not_exit_in_prefill", false);
  options.exit.min_steps = more.value("min_steps", 0);
  options.exit.every = more.value("check_criterion_every_n_steps", 1);
  return options;
}

// The reference's values were made in float32 from numbers that differ by its tolerance: relative to 1e-2 of it.
void expect_values(const std::vector<double>& ours, const nlohmann::json& theirs, const std::string& what) {
  ASSERT_EQ(ours.size(), theirs.size()) << what;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (theirs[i].is_null()) {
      EXPECT_TRUE(std::isnan(ours[i])) << what << " check " << i;
    } else {
      EXPECT_NEAR(ours[i], theirs[i].get<double>(), 1e-4 + 1e-3 * theirs[i].get<double>()) << what << " check " << i;
    }
  }
}

TEST(GoldenDecode, AdaptiveRunsAreExactInTokensAndExits) {
  int checked = 0;
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    // Runs that never exit say how many steps there are.
    std::int64_t steps = 0;
    for (const auto& [name, run] : g.about.at("adaptive").items()) {
      for (const auto& checks : run.at("n_checks_per_token")) steps = std::max(steps, checks.get<std::int64_t>());
    }
    for (const auto& [name, run] : g.about.at("adaptive").items()) {
      const std::string what = g.name + " " + name;
      GenerateOptions options = adaptive_options(name, steps);
      const Ids expected = run.at("tokens").get<Ids>(), prompt(expected.begin(), expected.begin() + g.prompt());
      options.new_tokens = static_cast<std::int64_t>(expected.size()) - g.prompt();
      options.keep_values = true;
      const Generated text = generate(model, {prompt}, options)[0];
      EXPECT_EQ(text.ids, expected) << what;
      for (std::size_t i = 0; i < text.tokens.size(); ++i) {
        expect_values(text.tokens[i].values, run.at("exit_values").at(i), what + " token " + std::to_string(i));
        EXPECT_EQ(text.tokens[i].exited, run.at("exited").at(i).get<bool>()) << what << " token " << i;
      }
      ++checked;
    }
  });
  EXPECT_GT(checked, 0);
}

TEST(GoldenDecode, EveryPromptTokenCanHaveItsOwnExit) {
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    const nlohmann::json& about = g.about.at("adaptive_prefill");
    const Ids ids = ids_of(g.at("input_ids"));
    const ExitRule rule = parse_exit_rule("latent-diff:" + about.at("threshold").get<std::string>());
    const std::int64_t steps = model.config().recurrences;
    Cache cache = model.make_cache({parse_cache_strategy(about.at("cache").get<std::string>()), steps, g.prompt()});
    Decoder decoder(model);
    const std::vector<float> zero(model.config().width);
    const Tensor expected = g.at("adaptive_prefill_logits_latentdiff");
    for (std::int64_t p = 0; p < g.prompt(); ++p) {
      const Work work{&cache, p, std::span(ids).subspan(p, 1), zero.data(), steps};
      const Thought& thought = decoder.run({&work, 1}, rule)[0];
      EXPECT_EQ(thought.steps, about.at("compute_steps").at(p).get<std::int64_t>()) << g.name << " position " << p;
      expect_near(tensor::from_doubles({thought.logits.begin(), thought.logits.end()}, {model.config().vocabulary}),
                  expected[0][p], kLogits, g.name);
    }
  });
}

TEST(GoldenDecode, SpeculationGivesTheExpectedTokens) {
  for_every_model([&](const GoldenModel& g, LoopedModel& model) {
    for (const auto& [name, tokens] : g.about.items()) {
      std::int64_t steps = 0;
      SpeculateOptions draft;
      if (std::sscanf(name.c_str(), "speculative_r%ld_draft%ld_look%ld_tokens", &steps, &draft.draft_steps,
                      &draft.lookahead) != 3)
        continue;
      const Ids expected = tokens.get<Ids>(), prompt(expected.begin(), expected.begin() + g.prompt());
      GenerateOptions options{.steps = steps};
      options.new_tokens = static_cast<std::int64_t>(expected.size()) - g.prompt();
      const Speculated result = speculate(model, prompt, options, draft);
      EXPECT_EQ(result.text.ids, expected) << g.name << " " << name;
      EXPECT_EQ(generate(model, {prompt}, options)[0].ids, expected) << g.name << ": not what plain decoding gives";
    }
  });
}

TEST(GoldenDecode, TheTorchStreamGivesTheReferencesInitialState) {
  for (const GoldenModel& g : golden_models()) {
    const InitialState state = initial_state("torch", g.model->config(), 1234);
    std::vector<float> x(g.prompt() * g.model->config().width);
    state(0, g.prompt(), x.data());
    // The same numbers; libtorch builds differ in the last bit of erfinv.
    expect_near(tensor::from_doubles({x.begin(), x.end()}, {g.prompt(), g.model->config().width}),
                g.at("like_init_seed1234")[0], 1e-6, g.name);
  }
}

}  // namespace
}  // namespace fathom::llm
