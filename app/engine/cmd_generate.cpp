// fathom generate: text from a looped language model, streamed as it is made.
#include <cstdio>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/engine/language_model.h"
#include "app/generate_options.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/timer.h"
#include "fathom/domain/llm/chat.h"
#include "fathom/domain/llm/speculate.h"
#include "fathom/domain/llm/stop_strings.h"
#include "fathom/io/token_stream.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0;

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

llm::GenerateOptions decoding(const GenerateOptions& o, const LanguageModel& opened, std::uint64_t seed) {
  llm::GenerateOptions d = decoding(o.language, opened, seed);
  d.sampler = o.sampler;
  d.new_tokens = o.tokens;
  d.total_tokens = o.max_length;
  if (o.chat) {
    const auto ends = llm::stop_ids(opened.tokenizer, llm::chat_stops());
    d.stop_ids.insert(d.stop_ids.end(), ends.begin(), ends.end());
  }
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
  check(o.language);
  const bool plain = o.language.exit == "none" && o.language.warm_start == "none" && o.sampler.temperature == 0;
  base::require(o.draft_steps == 0 || plain, "app::generate", "draft-steps", o.draft_steps,
                "0 with --exit, --warm-start or --temperature", "drafts are checked by plain greedy decoding");
}

}  // namespace

int cmd_generate(const Request& request) {
  const auto options = config_of<GenerateOptions>(request);
  check(options);
  const LanguageModel opened = open_language_model(options.language, request.run.device);
  const io::Tokenizer& tokenizer = opened.tokenizer;
  const std::vector<std::int64_t> prompt = options.chat
                                               ? tokenizer.encode(llm::chat_prompt({{"user", options.prompt}}), false)
                                               : tokenizer.encode(options.prompt);
  const llm::GenerateOptions how = decoding(options, opened, static_cast<std::uint64_t>(request.run.seed));
  Answer answer(tokenizer, opened.decode, options, request);
  const llm::OnToken on_token = [&](std::size_t, const llm::Token& token) { return answer.add(token); };
  const base::Timer timer;
  const llm::Generated text = options.draft_steps > 0
                                  ? llm::speculate(*opened.model, prompt, how,
                                                   {options.draft_steps, options.lookahead, options.accept}, on_token)
                                        .text
                                  : llm::generate(*opened.model, {prompt}, how, on_token)[0];
  const double seconds = timer.seconds();
  const std::string& whole = answer.finish();
  if (request.json) print_json(text, whole, answer.stopped(), seconds);
  base::info("{} tokens in {:.2f} s, {:.1f} recurrences a token, ended by {}", text.tokens.size(), seconds,
             mean_steps(text), reason_text(text, answer.stopped()));
  return kDone;
}

}  // namespace fathom::app
