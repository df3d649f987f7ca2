#include "fathom/report/summary.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/ranges.h>

#include "fathom/report/number_text.h"
#include "fathom/report/quantity.h"
#include "fathom/report/result_table.h"

namespace fathom::report {

namespace {

using base::ModelResult;

const ModelResult& model_at(const base::StudyRecord& record, int index) {
  return record.models[static_cast<std::size_t>(index)];
}

std::string what_was_run(const base::StudyRecord& record) {
  const auto trained = std::count_if(record.models.begin(), record.models.end(),
                                     [](const ModelResult& m) { return m.kind != "baseline"; });
  std::string out = fmt::format("{} {} trained", plural(trained, "model"), trained == 1 ? "was" : "were");
  if (record.train_samples > 0) out += fmt::format(" on {}", plural(record.train_samples, "sample"));
  if (record.test_samples > 0) out += fmt::format(" and tested on {} others", grouped(record.test_samples));
  return out + ".";
}

std::string figure_of(const ModelResult& model) {
  std::string out = significant(model.test, 3);
  if (std::isfinite(model.test_std))
    out += fmt::format(" ± {} over {}", significant(model.test_std, 2), plural(model.seeds, "seed"));
  return out;
}

std::string the_best(const ModelResult& best) {
  std::string about = best.kind;
  if (best.parameters > 0) about += fmt::format(", {}", plural(best.parameters, "parameter"));
  return fmt::format("{} ({}) is best: its {} on the test samples is {}.", best.name, about, metric_words(best.metric),
                     figure_of(best));
}

std::string kind_words(const std::string& kind) {
  return kind == "baseline" ? "predictor that learns nothing" : kind + " model";
}

// ", 39% more" or ", 3.6 times as much"; "" for a ratio that says nothing.
std::string difference(double ratio) {
  if (!(ratio > 0) || !std::isfinite(ratio)) return "";
  if (ratio >= 2) return fmt::format(", {} times as much", significant(ratio, 2));
  const double percent = std::round(100 * (ratio - 1));
  return percent == 0 ? "" : fmt::format(", {:.0f}% {}", std::abs(percent), percent > 0 ? "more" : "less");
}

// "The best explicit model, explicit-8, reaches 0.283: 39% more."
std::string against(const ModelResult& best, const ModelResult& other) {
  std::string out = fmt::format("The best {}, {}, reaches {}", kind_words(other.kind), other.name, figure_of(other));
  return out + difference(other.test / best.test) + ".";
}

std::vector<std::string> comparisons(const base::StudyRecord& record, const ModelResult& best) {
  std::vector<std::string> kinds, sentences;
  for (const ModelResult& model : record.models) {
    if (model.kind != best.kind && std::find(kinds.begin(), kinds.end(), model.kind) == kinds.end())
      kinds.push_back(model.kind);
  }
  for (const std::string& kind : kinds) {
    if (const int rival = best_model(record, best.metric, kind); rival >= 0)
      sentences.push_back(against(best, model_at(record, rival)));
  }
  return sentences;
}

const base::Curve* find_curve(const base::StudyRecord& record, const std::string& model, const std::string& quantity) {
  for (const base::Curve& curve : record.curves) {
    if (curve.model == model && curve.quantity == quantity && curve.group == "all") return &curve;
  }
  return nullptr;
}

// "Along its iterations the error of implicit-8 goes from 0.571 at t = 0 to 0.169, its least, at t
// = 20 and is 0.171 at t = 24."
std::string along_iterations(const base::StudyRecord& record) {
  const int best = best_model(record, main_metric(record), "implicit");
  if (best < 0) return "";
  const std::string& name = model_at(record, best).name;
  const base::Curve* curve = find_curve(record, name, "error");
  const std::string what = curve != nullptr ? "error" : metric_words(main_metric(record));
  if (curve == nullptr) curve = find_curve(record, name, main_metric(record));
  const std::size_t count = curve == nullptr ? 0 : std::min(curve->t.size(), curve->mean.size());
  if (count < 3) return "";
  std::size_t least = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_better(curve->mean[i], curve->mean[least], Better::lower)) least = i;
  }
  const auto value = [&](std::size_t i) { return significant(curve->mean[i], 3); };
  const auto time = [&](std::size_t i) { return significant(curve->t[i]); };
  std::string out =
      fmt::format("Along its iterations the {} of {} goes from {} at t = {}", what, name, value(0), time(0));
  if (least > 0 && least + 1 < count)
    out += fmt::format(" to {}, its least, at t = {}, and is", value(least), time(least));
  else
    out += " to";
  return out + fmt::format(" {} at t = {}.", value(count - 1), time(count - 1));
}

std::string how_checks_stand(const std::vector<base::Check>& checks) {
  if (checks.empty()) return "";
  std::vector<std::string> failed;
  for (const base::Check& check : checks) {
    if (!check.ok) failed.push_back(check.name);
  }
  const std::int64_t count = static_cast<std::int64_t>(checks.size());
  if (failed.empty()) return count == 1 ? "The check holds." : fmt::format("All {} checks hold.", count);
  return fmt::format("{} of {} hold; not: {}.", count - static_cast<std::int64_t>(failed.size()),
                     plural(count, "check"), fmt::join(failed, "; "));
}

std::string how_long(const base::StudyRecord& record) {
  if (!(record.seconds > 0)) return "";
  const std::string threads = record.threads > 0 ? " on " + plural(record.threads, "thread") : "";
  return fmt::format("It took {}{}.", duration(record.seconds), threads);
}

}  // namespace

std::string summary(const base::StudyRecord& record) {
  std::vector<std::string> sentences;
  if (!record.models.empty() || record.figures.empty()) sentences.push_back(what_was_run(record));
  if (const int best = best_model(record, main_metric(record)); best >= 0) {
    sentences.push_back(the_best(model_at(record, best)));
    for (std::string& sentence : comparisons(record, model_at(record, best))) sentences.push_back(std::move(sentence));
  }
  sentences.push_back(along_iterations(record));
  sentences.push_back(how_checks_stand(record.checks));
  sentences.push_back(how_long(record));
  std::erase(sentences, "");
  return fmt::format("{}", fmt::join(sentences, " "));
}

}  // namespace fathom::report
