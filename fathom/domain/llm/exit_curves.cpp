#include "fathom/domain/llm/exit_curves.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "fathom/base/progress.h"
#include "fathom/base/seed.h"
#include "fathom/domain/llm/decoder.h"
#include "fathom/domain/llm/initial_state.h"
#include "fathom/domain/llm/tensor_model.h"
#include "fathom/study/unroll.h"
#include "fathom/tensor/convert.h"

namespace fathom::llm {

namespace {

using base::Curve;

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double entropy_of(const std::vector<double>& p) {
  double sum = 0;
  for (const double value : p) sum -= value > 0 ? value * std::log(value) : 0;
  return sum;
}

std::vector<std::int64_t> integers(const Tensor& ids) {
  const std::vector<double> numbers = tensor::to_doubles(ids);
  return {numbers.begin(), numbers.end()};
}

// The windows as sequences of one decoder, each with its cache.
class Readers {
 public:
  Readers(const std::shared_ptr<const Raven>& model, const Windows& windows, std::int64_t recurrences,
          std::uint64_t seed)
      : model_(model),
        decoder_(model_),
        size_(windows.size()),
        recurrences_(recurrences),
        ids_(integers(windows.ids)),
        labels_(integers(windows.labels)),
        start_(random_state(model->config(), seed)) {
    const CacheOptions options{
        .strategy = parse_cache_strategy("latest-m4"), .recurrences = recurrences, .capacity = size_, .seed = seed};
    for (std::int64_t w = 0; w < windows.count(); ++w) caches_.push_back(model_.make_cache(options));
    states_.resize(caches_.size() * static_cast<std::size_t>(width()));
  }

  Reading run(const ExitRule& rule) {
    Reading reading;
    for (std::vector<double>* column : {&reading.steps, &reading.losses, &reading.entropies})
      column->resize(ids_.size());
    for (std::int64_t position = 0; position < size_; ++position) pass(rule, position, reading);
    return reading;
  }

 private:
  std::int64_t width() const { return model_.config().width; }
  std::size_t index(std::size_t window, std::int64_t position) const {
    return window * static_cast<std::size_t>(size_) + static_cast<std::size_t>(position);
  }

  void pass(const ExitRule& rule, std::int64_t position, Reading& reading) {
    std::vector<Work> works;
    for (std::size_t w = 0; w < caches_.size(); ++w) {
      float* state = states_.data() + w * static_cast<std::size_t>(width());
      start_(position, 1, state);
      works.push_back({.cache = &caches_[w],
                       .first = position,
                       .ids = std::span(ids_).subspan(index(w, position), 1),
                       .start = state,
                       .steps = recurrences_});
    }
    const std::vector<Thought>& thoughts = decoder_.run(works, rule);
    for (std::size_t w = 0; w < caches_.size(); ++w) {
      const std::size_t at = index(w, position);
      softmax(thoughts[w].logits, p_);
      reading.steps[at] = static_cast<double>(thoughts[w].steps);
      reading.losses[at] = -std::log(p_[static_cast<std::size_t>(labels_[at])]);
      reading.entropies[at] = entropy_of(p_);
    }
  }

  TensorModel model_;
  Decoder decoder_;
  std::int64_t size_, recurrences_;
  std::vector<std::int64_t> ids_, labels_;
  InitialState start_;
  std::vector<Cache> caches_;
  std::vector<float> states_;
  std::vector<double> p_;
};

Curve steps_by_tenth(const std::string& name, const std::string& group, const Reading& reading,
                     const std::vector<int>& tenth) {
  Curve curve{name, "steps_by_certainty", group, {}, {}, {}, {}};
  for (int k = 1; k <= 10; ++k) {
    std::vector<double> steps;
    for (std::size_t i = 0; i < tenth.size(); ++i) {
      if (tenth[i] == k) steps.push_back(reading.steps[i]);
    }
    study::add_point(curve, k, steps);
  }
  return curve;
}

// Points by growing steps.
Curve tradeoff(const std::string& name, const std::string& group, const std::vector<Reading>& readings) {
  std::vector<std::pair<double, double>> points;
  for (const Reading& reading : readings) points.emplace_back(mean_of(reading.steps), mean_of(reading.losses));
  std::sort(points.begin(), points.end());
  Curve curve{name, "loss_by_steps", group, {}, {}, {}, {}};
  for (const auto& [steps, loss] : points) study::add_point(curve, steps, {loss});
  return curve;
}

// 1, 2, 4, ... and the last one.
std::vector<std::int64_t> doublings(std::int64_t last) {
  std::vector<std::int64_t> list;
  for (std::int64_t t = 1; t < last; t *= 2) list.push_back(t);
  list.push_back(last);
  return list;
}

}  // namespace

Reading read(const std::shared_ptr<const Raven>& model, const Windows& windows, const ExitRule& rule,
             std::int64_t recurrences, std::uint64_t seed) {
  return Readers(model, windows, recurrences, seed).run(rule);
}

std::vector<int> tenths(const std::vector<double>& keys) {
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::vector<int> tenth(keys.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank)
    tenth[order[rank]] = 1 + static_cast<int>(10 * rank / order.size());
  return tenth;
}

std::vector<Curve> exit_curves(const std::shared_ptr<const Raven>& model, const std::string& name,
                               const Windows& windows, const ExitProbe& probe) {
  const std::vector<std::int64_t> depths = doublings(probe.trained);
  base::Progress bar(name + " adaptive exit",
                     static_cast<std::int64_t>(depths.size() + probe.differences.size() + probe.divergences.size()));
  std::int64_t done = 0;
  const std::uint64_t seed = base::stream_seed(probe.seed, "exit start");
  const auto reading_of = [&](const ExitRule& rule, std::int64_t recurrences) {
    Reading reading = read(model, windows, rule, recurrences, seed);
    bar.update(++done, fmt::format("{} steps {:.2f}  loss {:.4f}", name_of(rule.criterion), mean_of(reading.steps),
                                   mean_of(reading.losses)));
    return reading;
  };
  std::vector<Reading> fixed;
  for (const std::int64_t depth : depths) fixed.push_back(reading_of({}, depth));
  const std::vector<int> tenth = tenths(fixed.back().entropies);
  std::vector<Curve> by_certainty, by_steps = {tradeoff(name, "fixed", fixed)};
  const auto measure = [&](Criterion criterion, const std::vector<double>& thresholds) {
    std::vector<Reading> readings;
    for (const double threshold : thresholds) {
      readings.push_back(reading_of({.criterion = criterion, .threshold = threshold}, probe.most));
      by_certainty.push_back(
          steps_by_tenth(name, fmt::format("{}:{}", name_of(criterion), threshold), readings.back(), tenth));
    }
    if (!readings.empty()) by_steps.push_back(tradeoff(name, name_of(criterion), readings));
  };
  measure(Criterion::latent_diff, probe.differences);
  measure(Criterion::kl, probe.divergences);
  by_certainty.insert(by_certainty.end(), by_steps.begin(), by_steps.end());
  return by_certainty;
}

}  // namespace fathom::llm
