#include "app/engine/language_model.h"

#include <filesystem>

#include "app/engine/model_file.h"
#include "fathom/base/log.h"
#include "fathom/base/timer.h"
#include "fathom/domain/llm/open_model.h"
#include "fathom/domain/llm/stop_strings.h"
#include "fathom/io/tokenizer_config.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

llm::WarmStart warm_start_of(const std::string& name) {
  if (name == "latent") return llm::WarmStart::latent;
  return name == "state" ? llm::WarmStart::state : llm::WarmStart::none;
}

io::DecodeOptions decode_options(const std::filesystem::path& folder) {
  const std::filesystem::path config = folder / "tokenizer_config.json";
  const bool clean_up = std::filesystem::exists(config) && io::read_tokenizer_config(config).clean_up;
  return {.skip_special = true, .clean_up = clean_up};
}

}  // namespace

llm::ExitRule exit_of(const LanguageModelOptions& o) {
  llm::ExitRule rule = llm::parse_exit_rule(o.exit);
  rule.min_steps = o.min_steps;
  rule.every = o.exit_every;
  return rule;
}

void check(const LanguageModelOptions& o) {
  static_cast<void>(exit_of(o));
  static_cast<void>(llm::parse_cache_strategy(o.cache));
}

LanguageModel open_language_model(const LanguageModelOptions& o, const std::string& device) {
  const std::filesystem::path folder = model_file(o.model, kShippedLlm);
  LanguageModel opened{io::Tokenizer::read(folder / "tokenizer.json"), decode_options(folder), nullptr};
  const base::Timer loading;
  opened.model = llm::open_model(folder, o.dtype, tensor::device(device));
  base::info("loaded {} in {:.1f} s", folder.string(), loading.seconds());
  return opened;
}

llm::GenerateOptions decoding(const LanguageModelOptions& o, const LanguageModel& opened, std::uint64_t seed) {
  const llm::ModelConfig& config = opened.model->config();
  llm::GenerateOptions d;
  d.steps = o.steps > 0 ? o.steps : config.recurrences;
  d.exit = exit_of(o);
  d.exit_in_prefill = !o.whole_prefill;
  d.prefill_chunk = o.prefill_chunk;
  d.cache = llm::parse_cache_strategy(o.cache);
  d.warm_start = warm_start_of(o.warm_start);
  d.seed = seed;
  d.start = llm::initial_state(o.init, config, seed);
  d.stop_ids = llm::stop_ids(opened.tokenizer, {});
  d.stop_ids.insert(d.stop_ids.end(), config.eos.begin(), config.eos.end());
  return d;
}

}  // namespace fathom::app
