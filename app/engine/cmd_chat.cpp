// fathom chat: a dialogue in the terminal; answers are streamed, Ctrl-C ends the one that is being written.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "app/chat_options.h"
#include "app/engine/cmd.h"
#include "app/engine/language_model.h"
#include "app/engine/stop_signal.h"
#include "fathom/base/error.h"
#include "fathom/domain/llm/answer_text.h"
#include "fathom/domain/llm/chat.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0;
constexpr const char* kHelp =
    "/steps N     recurrences of a token, at most\n"
    "/exit RULE   when a token may stop earlier: latent-diff:0.03, kl, ..., none\n"
    "/reset       forget the dialogue\n"
    "/help        this list\n"
    "/quit        end; so does the end of the input\n";

class Dialogue {
 public:
  Dialogue(ChatOptions options, LanguageModel opened, std::uint64_t seed)
      : options_(std::move(options)), opened_(std::move(opened)), seed_(seed) {
    reset();
  }

  // False when the person wants to go.
  bool take(const std::string& line) {
    if (line == "/quit") return false;
    try {
      if (line.starts_with("/")) {
        const std::size_t space = std::min(line.find(' '), line.size());
        command(line.substr(0, space), line.substr(std::min(space + 1, line.size())));
      } else if (!line.empty()) {
        answer(line);
      }
    } catch (const Error& error) {  // of this line alone: the dialogue goes on
      fmt::print(stderr, "fathom: {}\n", error.what());
    }
    return true;
  }

 private:
  void reset() {
    messages_.clear();
    if (!options_.system.empty()) messages_.push_back({"system", options_.system});
  }

  void command(const std::string& name, const std::string& value) {
    if (name == "/help") {
      fmt::print("{}", kHelp);
    } else if (name == "/reset") {
      reset();
    } else if (name == "/steps") {
      base::fields_of(options_).set("steps", value);
    } else if (name == "/exit") {
      LanguageModelOptions changed = options_.language;
      changed.exit = value;
      check(changed);
      options_.language = changed;
    } else {
      throw UsageError(fmt::format("unknown command '{}'; /help lists them", name));
    }
  }

  void answer(const std::string& line) {
    std::vector<llm::ChatMessage> messages = messages_;
    messages.push_back({"user", line});
    const std::vector<std::int64_t> prompt = opened_.tokenizer.encode(llm::chat_prompt(messages), false);
    const std::string text = generate(prompt);
    messages.push_back({"assistant", text});
    messages_ = std::move(messages);
  }

  std::string generate(const std::vector<std::int64_t>& prompt) {
    const StopSignal stop("\n");
    llm::GenerateOptions how = decoding(options_.language, opened_, seed_);
    how.sampler = options_.sampler;
    how.new_tokens = options_.tokens;
    how.total_tokens = opened_.model->config().context;
    llm::AnswerText text(opened_.tokenizer, opened_.decode, llm::chat_stops());
    std::string whole;
    const auto show = [&](const std::string& piece) {
      whole += piece;
      fmt::print("{}", piece);
      std::fflush(stdout);
    };
    const auto is_stop = [&](std::int64_t id) {
      return std::find(how.stop_ids.begin(), how.stop_ids.end(), id) != how.stop_ids.end();
    };
    llm::generate(*opened_.model, {prompt}, how, [&](std::size_t, const llm::Token& token) {
      if (!is_stop(token.id)) show(text.add(token.id));
      return !text.stopped() && !stop.asked();
    });
    show(text.finish());
    fmt::print("\n");
    return whole;
  }

  ChatOptions options_;
  LanguageModel opened_;
  std::uint64_t seed_;
  std::vector<llm::ChatMessage> messages_;
};

}  // namespace

int cmd_chat(const Request& request) {
  const auto options = config_of<ChatOptions>(request);
  check(options.language);
  Dialogue dialogue(options, open_language_model(options.language, request.run.device),
                    static_cast<std::uint64_t>(request.run.seed));
  const bool person = ::isatty(STDIN_FILENO) == 1;
  const auto ask = [&] {
    if (person) fmt::print(stderr, "> ");
  };
  ask();
  for (std::string line; std::getline(std::cin, line) && dialogue.take(line);) ask();
  return kDone;
}

}  // namespace fathom::app
