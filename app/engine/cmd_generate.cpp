// fathom generate: text from a looped language model, streamed as it is made.
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/generate_options.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/timer.h"
#include "fathom/domain/llm/chat.h"
#include "fathom/domain/llm/open_model.h"
#include "fathom/domain/llm/speculate.h"
#include "fathom/domain/llm/stop_strings.h"
#include "fathom/io/token_stream.h"
#include "fathom/io/tokenizer_config.h"
#include "fathom/tensor/device.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0;

llm::WarmStart warm_start_of(const std::string& name) {
  if (name == "latent") return llm::WarmStart::latent;
  return name == "state" ? llm::WarmStart::state : llm::WarmStart::none;
}

llm::ExitRule exit_of(const GenerateOptions& o) {
  llm::ExitRule rule = llm::parse_exit_rule(o.exit);
  rule.min_steps = o.min_steps;
  rule.every = o.exit_every;
  return rule;
}

io::DecodeOptions decode_options(const std::filesystem::path& folder) {
  const std::filesystem::path config = folder / "tokenizer_config.json";
  const bool clean_up = std::filesystem::exists(config) && io::read_tokenizer_config(config).clean_up;
  return {.skip_special = true, .clean_up = clean_up};
}

// The answer as it grows: to stdout, and whole in the end.
class Answer {
 public:
  Answer(const io::Tokenizer& tokenizer, const io::DecodeOptions& decode, const GenerateOptions& options,
         const Request& request)
      : tokenizer_(tokenizer),
        stream_(tokenizer, decode),
        stops_(stop_texts(options)),
        streams_(!request.json && !options.show_steps),
        lines_(!request.json && options.show_steps) {}

  // False once a stop text was found.
  bool add(const llm::Token& token) {
    if (lines_) {
      const nlohmann::json text = std::string(tokenizer_.bytes_of(token.id));
      fmt::print("{:5} {} {}\n", token.steps, token.exited ? "early" : "-    ",
                 text.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    show(stops_.feed(stream_.push(token.id)));
    return !stops_.found();
  }

  const std::string& finish() {
    show(stops_.feed(stream_.finish()));
    show(stops_.finish());
    if (streams_) fmt::print("\n");
    return text_;
  }

  bool stopped() const { return stops_.found(); }

 private:
  static llm::StopStrings stop_texts(const GenerateOptions& options) {
    return llm::StopStrings(options.stop.empty() ? std::vector<std::string>{} : std::vector{options.stop});
  }

  void show(const std::string& text) {
    text_ += text;
    if (!streams_ || text.empty()) return;
    fmt::print("{}", text);
    std::fflush(stdout);
  }

  const io::Tokenizer& tokenizer_;
  io::TokenStream stream_;
  llm::StopStrings stops_;
  bool streams_, lines_;
  std::string text_;
};

llm::GenerateOptions decoding(const GenerateOptions& o, const llm::ModelConfig& config, const io::Tokenizer& tokenizer,
                              std::uint64_t seed) {
  llm::GenerateOptions d;
  d.steps = o.steps > 0 ? o.steps : config.recurrences;
  d.exit = exit_of(o);
  d.exit_in_prefill = !o.whole_prefill;
  d.prefill_chunk = o.prefill_chunk;
  d.cache = llm::parse_cache_strategy(o.cache);
  d.warm_start = warm_start_of(o.warm_start);
  d.sampler = o.sampler;
  d.seed = seed;
  d.start = llm::initial_state(o.init, config, seed);
  d.new_tokens = o.tokens;
  d.total_tokens = o.max_length;
  d.stop_ids = llm::stop_ids(tokenizer, o.chat ? llm::chat_stops() : std::vector<std::string>{});
  d.stop_ids.insert(d.stop_ids.end(), config.eos.begin(), config.eos.end());
  return d;
}

std::string reason_text(const llm::Generated& text, bool stop_text) {
  if (stop_text) return "stop text";
  return text.reason == llm::StopReason::stop_token ? "stop token" : "length";
}

double mean_steps(const llm::Generated& text) {
  double sum = 0;
  for (const llm::Token& token : text.tokens) sum += static_cast<double>(token.steps);
  return text.tokens.empty() ? 0 : sum / static_cast<double>(text.tokens.size());
}

void print_json(const llm::Generated& text, const std::string& answer, bool stop_text, double seconds) {
  std::vector<std::int64_t> steps;
  for (const llm::Token& token : text.tokens) steps.push_back(token.steps);
  const nlohmann::ordered_json json = {
      {"text", answer}, {"prompt_tokens", text.prompt},           {"ids", text.ids},
      {"steps", steps}, {"reason", reason_text(text, stop_text)}, {"seconds", seconds}};
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

// Before gigabytes are read.
void check(const GenerateOptions& o) {
  static_cast<void>(exit_of(o));
  static_cast<void>(llm::parse_cache_strategy(o.cache));
  base::require(o.draft_steps == 0 || (o.exit == "none" && o.warm_start == "none" && o.sampler.temperature == 0),
                "app::generate", "draft-steps", o.draft_steps, "0 with --exit, --warm-start or --temperature",
                "drafts are checked by plain greedy decoding");
}

}  // namespace

int cmd_generate(const Request& request) {
  const auto options = config_of<GenerateOptions>(request);
  check(options);
  const std::filesystem::path folder = options.model;
  const io::Tokenizer tokenizer = io::Tokenizer::read(folder / "tokenizer.json");
  const base::Timer loading;
  const auto model = llm::open_model(folder, options.dtype, tensor::device(request.run.device));
  base::info("loaded {} in {:.1f} s", folder.string(), loading.seconds());
  const std::vector<std::int64_t> prompt = options.chat
                                               ? tokenizer.encode(llm::chat_prompt({{"user", options.prompt}}), false)
                                               : tokenizer.encode(options.prompt);
  const llm::GenerateOptions how =
      decoding(options, model->config(), tokenizer, static_cast<std::uint64_t>(request.run.seed));
  Answer answer(tokenizer, decode_options(folder), options, request);
  const llm::OnToken on_token = [&](std::size_t, const llm::Token& token) { return answer.add(token); };
  const base::Timer timer;
  const llm::Generated text =
      options.draft_steps > 0
          ? llm::speculate(*model, prompt, how, {options.draft_steps, options.lookahead, options.accept}, on_token).text
          : llm::generate(*model, {prompt}, how, on_token)[0];
  const double seconds = timer.seconds();
  const std::string& whole = answer.finish();
  if (request.json) print_json(text, whole, answer.stopped(), seconds);
  base::info("{} tokens in {:.2f} s, {:.1f} recurrences a token, ended by {}", text.tokens.size(), seconds,
             mean_steps(text), reason_text(text, answer.stopped()));
  return kDone;
}

}  // namespace fathom::app
