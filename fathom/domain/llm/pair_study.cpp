#include "fathom/domain/llm/pair_study.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/progress.h"
#include "fathom/domain/llm/generate.h"
#include "fathom/measure/word_distance.h"
#include "fathom/study/unroll.h"

namespace fathom::llm {

namespace {

using Ids = std::vector<std::int64_t>;

// End of text and of a turn, and what the model's configuration says.
Ids end_tokens(const Speaker& speaker) {
  Ids ids = speaker.model.config().eos;
  for (const char* name : {"<|end_text|>", "<|end_turn|>"}) {
    if (const auto id = speaker.tokenizer.id_of(name)) ids.push_back(*id);
  }
  return ids;
}

// The prompts of all pairs: first and second of the first pair, of the second, ...
std::vector<Ids> encoded(const Speaker& speaker, const std::vector<PromptPair>& pairs, std::int64_t total_tokens) {
  std::vector<Ids> prompts;
  for (const PromptPair& pair : pairs) {
    for (const std::string* text : {&pair.first, &pair.second}) {
      prompts.push_back(speaker.tokenizer.encode(*text));
      const auto tokens = static_cast<std::int64_t>(prompts.back().size());
      base::require(tokens < total_tokens, "llm::answer_pairs", "total_tokens", total_tokens,
                    fmt::format("> {} tokens of a prompt of pair {}", tokens, pair.index),
                    "there is no room to answer");
    }
  }
  return prompts;
}

class Answering {
 public:
  Answering(const Speaker& speaker, const std::vector<PromptPair>& pairs, const PairOptions& options,
            const std::atomic<bool>* stop)
      : speaker_(speaker),
        options_(options),
        stop_(stop),
        prompts_(encoded(speaker, pairs, options.total_tokens)),
        order_(prompts_.size()) {
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](std::size_t a, std::size_t b) { return prompts_[a].size() < prompts_[b].size(); });
  }

  // The texts of all prompts with k recurrences; empty when interrupted.
  std::vector<std::string> run(std::int64_t k) {
    base::Progress bar(fmt::format("prompts, {} steps", k), static_cast<std::int64_t>(prompts_.size()));
    std::vector<std::string> texts(prompts_.size());
    std::int64_t tokens = 0;
    const auto batch = static_cast<std::size_t>(options_.batch);
    for (std::size_t first = 0; first < order_.size(); first += batch) {
      const std::size_t count = std::min(batch, order_.size() - first);
      std::vector<Ids> prompts;
      for (std::size_t i = 0; i < count; ++i) prompts.push_back(prompts_[order_[first + i]]);
      const std::vector<Generated> answers =
          generate(speaker_.model, prompts, how(k), [this](std::size_t, const Token&) { return !interrupted(); });
      if (interrupted()) return {};
      for (std::size_t i = 0; i < count; ++i) {
        texts[order_[first + i]] =
            speaker_.tokenizer.decode(answers[i].ids, {.skip_special = true, .clean_up = speaker_.clean_up});
        tokens += static_cast<std::int64_t>(answers[i].tokens.size());
      }
      bar.update(static_cast<std::int64_t>(first + count), fmt::format("{} tokens", tokens));
    }
    return texts;
  }

 private:
  bool interrupted() const { return stop_ != nullptr && *stop_; }

  GenerateOptions how(std::int64_t k) const {
    return {.steps = k,
            .start = options_.start,
            .new_tokens = options_.total_tokens,
            .total_tokens = options_.total_tokens,
            .stop_ids = end_tokens(speaker_)};
  }

  const Speaker& speaker_;
  const PairOptions& options_;
  const std::atomic<bool>* stop_;
  std::vector<Ids> prompts_;
  std::vector<std::size_t> order_;  // by length
};

void append(PairAnswers& answers, std::int64_t k, const std::vector<std::string>& texts) {
  answers.steps.push_back(k);
  for (std::size_t i = 0; i < answers.rows.size(); ++i)
    answers.rows[i].by_steps.push_back(answer(texts[2 * i], texts[2 * i + 1]));
}

// Answers that the file holds for the first numbers of recurrences; without rows' answers when there are none of this
// key.
PairAnswers begun(const std::vector<PromptPair>& pairs, const PairOptions& options, const PairFiles& files) {
  const bool usable = std::filesystem::exists(files.answers) && std::filesystem::exists(files.key) &&
                      base::read_file(files.key) == files.key_text;
  if (usable) {
    PairAnswers answers = parse_pair_answers(base::read_file(files.answers), files.answers.string());
    const bool prefix = answers.steps.size() <= options.steps.size() &&
                        std::equal(answers.steps.begin(), answers.steps.end(), options.steps.begin());
    if (prefix && answers.rows.size() == pairs.size()) return answers;
  }
  PairAnswers none;
  for (const PromptPair& pair : pairs) none.rows.push_back({pair.index, {}});
  return none;
}

void write(const PairAnswers& answers, const PairFiles& files) {
  if (files.answers.empty()) return;
  io::write_csv(files.answers, to_csv_rows(answers));
  base::write_atomically(files.key, files.key_text);
}

}  // namespace

PairAnswers answer_pairs(const Speaker& speaker, const std::vector<PromptPair>& pairs, const PairOptions& options,
                         const PairFiles& files, const std::atomic<bool>* stop) {
  PairAnswers answers = begun(pairs, options, files);
  Answering answering(speaker, pairs, options, stop);
  for (std::size_t i = answers.steps.size(); i < options.steps.size(); ++i) {
    const std::vector<std::string> texts = answering.run(options.steps[i]);
    if (texts.empty())
      base::fail("llm::answer_pairs", "interrupted at {} steps; the same command with --resume goes on there",
                 options.steps[i]);
    append(answers, options.steps[i], texts);
    write(answers, files);
  }
  return answers;
}

base::Curve pair_curve(const std::string& model, const std::vector<PromptPair>& pairs, const PairAnswers& answers) {
  std::vector<double> inputs;
  for (const PromptPair& pair : pairs)
    inputs.push_back(static_cast<double>(measure::word_levenshtein(pair.first, pair.second)));
  base::Curve curve{model, "answer_lipschitz", "all", {}, {}, {}, {}};
  for (std::size_t k = 0; k < answers.steps.size(); ++k) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < answers.rows.size(); ++i) {
      if (inputs[i] > 0) ratios.push_back(static_cast<double>(answers.rows[i].by_steps[k].distance) / inputs[i]);
    }
    study::add_point(curve, static_cast<double>(answers.steps[k]), ratios);
  }
  return curve;
}

}  // namespace fathom::llm
