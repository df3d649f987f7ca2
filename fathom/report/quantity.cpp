#include "fathom/report/quantity.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace fathom::report {

namespace {

const std::map<std::string, Quantity>& known() {
  static const std::map<std::string, Quantity> kKnown = {
      {"error",
       {.title = "Test error",
        .reading = "Error on the test samples after t iterations; lower is better.",
        .better = Better::lower,
        .from_zero = true}},
      {"residual",
       {.title = "Residual",
        .reading = "How much one more iteration still changes the state, on a logarithmic axis: a "
                   "straight fall is linear "
                   "convergence, its slope the rate of contraction.",
        .better = Better::lower,
        .always_log = true}},
      {"lipschitz",
       {.title = "Empirical Lipschitz constant",
        .reading = "Change of the output per change of the input after t iterations. A rising "
                   "curve means that the model "
                   "represents a steeper function the longer it iterates.",
        .from_zero = true}},
      {"largest lipschitz",
       {.title = "Largest Lipschitz constant found",
        .reading = "The greatest change of the output per change of the input, over all samples and perturbations, "
                   "after t iterations: what the network resolves at its steepest.",
        .from_zero = true}},
      {"pde residual",
       {.title = "Residual of the equation",
        .reading = "How far the prediction is from solving the equation, relative to the forcing; no truth is needed. "
                   "Lower is better.",
        .better = Better::lower,
        .always_log = true}},
      {"psnr",
       {.title = "PSNR",
        .reading = "Peak signal-to-noise ratio in decibels after t iterations; higher is better.",
        .better = Better::higher,
        .never_log = true}},
      {"accuracy",
       {.title = "Accuracy",
        .reading = "Fraction of right answers after t iterations; higher is better.",
        .better = Better::higher,
        .from_zero = true,
        .never_log = true}},
      {"nats per byte",
       {.title = "Held-out loss",
        .reading = "Mean -ln p of the next byte of held-out text after t iterations; lower is better.",
        .better = Better::lower}},
      {"steps by certainty",
       {.title = "Steps with an adaptive exit",
        .reading =
            "Mean iterations of the bytes of each tenth, from the most certain predictions (1) to the least (10); "
            "a line for each exit rule. A rising line: easy bytes take fewer steps.",
        .from_zero = true,
        .x_label = "tenth of the bytes, by entropy of the prediction",
        .section = "Adaptive exit"}},
      {"loss by steps",
       {.title = "Loss at an adaptive exit",
        .reading =
            "Held-out loss against the mean iterations a byte takes: a point for each threshold of an exit rule, "
            "and for the same number of iterations everywhere. Lower and further left is better.",
        .better = Better::lower,
        .x_label = "mean iterations of a byte",
        .section = "Adaptive exit"}},
      {"answer lipschitz",
       {.title = "Distance of answers over distance of prompts",
        .reading =
            "Two prompts that differ in a word or two, answered with t iterations: the answers' distance in words "
            "over the prompts'. A rising curve means that the model tells prompts apart more finely.",
        .from_zero = true,
        .section = "Prompt pairs"}},
      {"training loss",
       {.title = "Training loss",
        .reading = "Loss while training, by optimiser step; lower is better.",
        .better = Better::lower,
        .from_zero = true,
        .along_training = true}}};
  return kKnown;
}

// "rel_l2 on 1/x" is the metric "rel_l2" and where it is taken, " on 1/x".
std::pair<std::string, std::string> metric_and_place(const std::string& metric) {
  const std::size_t at = std::min(metric.find(" on "), metric.size());
  return {metric.substr(0, at), metric.substr(at)};
}

}  // namespace

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string spaced(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

Quantity quantity_of(const std::string& name) {
  const std::string words = spaced(name);
  if (const auto entry = known().find(words); entry != known().end()) return entry->second;
  if (const std::size_t by = words.rfind(" by "); by != std::string::npos) {
    return {.title = capitalised(words),
            .reading = capitalised(words) + ".",
            .better = better_of(name.substr(0, by)),
            .x_label = words.substr(by + 4)};
  }
  const bool training = words.starts_with("training");
  return {.title = capitalised(words),
          .reading = capitalised(words) + (training ? " while training." : " after t iterations."),
          .better = better_of(name),
          .along_training = training};
}

std::string metric_words(const std::string& metric) {
  static const std::map<std::string, std::string> kWords = {{"rel_l2", "relative L2 error"},
                                                            {"mse", "mean squared error"},
                                                            {"psnr", "PSNR (dB)"},
                                                            {"ssim", "SSIM"},
                                                            {"nats_per_byte", "loss in nats per byte"}};
  const auto [name, place] = metric_and_place(metric);
  const auto entry = kWords.find(name);
  return entry != kWords.end() ? entry->second + place : spaced(metric);
}

Better better_of(const std::string& metric) {
  static const std::set<std::string> kHigher = {"psnr", "ssim", "accuracy", "solved", "exact_match"};
  static const std::set<std::string> kLower = {"rel_l2",     "mse",      "error",        "loss",
                                               "perplexity", "residual", "nats_per_byte"};
  const std::string name = metric_and_place(metric).first;
  if (kHigher.contains(name)) return Better::higher;
  return kLower.contains(name) ? Better::lower : Better::neither;
}

std::string direction_words(Better better) {
  if (better == Better::neither) return "";
  return better == Better::lower ? "lower is better" : "higher is better";
}

bool is_better(double a, double b, Better direction) {
  if (!std::isfinite(a) || direction == Better::neither) return false;
  if (!std::isfinite(b)) return true;
  return direction == Better::lower ? a < b : a > b;
}

}  // namespace fathom::report
