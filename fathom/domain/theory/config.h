// Everything `fathom study theory` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/fields.h"

namespace fathom::theory {

// A target of one's own beside the named ones: F(x) on [low, high] without a margin about each pole.
struct ExpressionConfig {
  std::string expression;  // "" for none
  double low = 0, high = 1;
  std::vector<double> poles = {0};
  double margin = 0.02;

  void fields(base::Fields& f) {
    f.add("expression", expression, "F(x) of your own, such as sin(1/x) or log(x) + 1/(x - 1); empty: none");
    f.add("low", low, {}, "least x");
    f.add("high", high, {}, "greatest x");
    f.add("poles", poles, {}, "where F is steep or not defined; points crowd there and keep the margin; [] for none");
    f.add("margin", margin, {.above = 0}, "distance that points keep from a pole");
  }
};

// The operator of Theorem 2.4 and what is done with it.
struct ConstructedConfig {
  std::string targets = "all";
  std::int64_t points = 400;
  double step = 0.5;
  double slope = 1;
  std::int64_t iterations = 200000;
  double rtol = 1e-8;
  double eta = 0.5;

  void fields(base::Fields& f) {
    f.add("targets", targets, "names separated by commas, all or none");
    f.add("points", points, {.at_least = 16, .at_most = 4000}, "points at which a target is probed");
    f.add("step", step, {.above = 0, .below = 1}, "c: the largest step eps(x)");
    f.add("slope", slope, {.above = 0}, "kappa: steepness allowed to sqrt(eps(x) / c)");
    f.add("iterations", iterations, {.at_least = 1}, "most iterations of one operator");
    f.add("rtol", rtol, {.above = 0, .below = 1}, "tolerance of the fixed points");
    f.add("eta", eta, {.above = 0, .below = 1}, "step of G(y, x) = y - eta (x y - 1)");
  }
};

// Networks of bounded layers: implicit ones, iterated, against explicit ones.
struct LearnedConfig {
  std::string targets = "reciprocal,two_poles";
  std::vector<double> bounds = {5, 10, 15, 20};
  std::int64_t width = 256;
  std::int64_t explicit_width = 1024;
  std::int64_t points = 256;
  double margin = 0.05;
  std::int64_t depth = 25;
  std::int64_t iterations = 100;
  std::int64_t updates = 2500;
  double stay = 1;
  std::vector<double> learning_rates = {3e-3, 1e-2};
  std::int64_t trial_updates = 200;
  bool equal_time = true;

  void fields(base::Fields& f) {
    f.add("targets", targets, "names of targets of one variable, separated by commas; none: nothing is trained");
    f.add("bounds", bounds, {.above = 0}, "L: bounds of the Lipschitz constant of every network, each layer sqrt(L)");
    f.add("width", width, {.at_least = 1, .at_most = 65536}, "hidden units of the implicit operator");
    f.add("explicit_width", explicit_width, {.at_least = 1, .at_most = 65536}, "hidden units of the explicit network");
    f.add("points", points, {.at_least = 16, .at_most = 65536}, "training points; four times as many to test");
    f.add("margin", margin, {.above = 0, .below = 0.5}, "distance that training and test points keep from a pole");
    f.add("depth", depth, {.at_least = 1, .at_most = 1000}, "iterations while training");
    f.add("iterations", iterations, {.at_least = 1, .at_most = 100000}, "T: errors are measured at t = 0..T");
    f.add("updates", updates, {.at_least = 1}, "updates of every network");
    f.add("stay", stay, {.at_least = 0},
          "weight of the loss of iterations that start at a later iterate: what is reached must stay");
    f.add("learning_rates", learning_rates, {.above = 0}, "step sizes tried for every network; the best is trained");
    f.add("trial_updates", trial_updates, {.at_least = 1}, "updates of each trial");
    f.add("equal_time", equal_time, "train explicit networks at least as long as implicit ones, in steps and seconds");
  }
};

struct NecessityConfig {
  std::vector<double> mu = {0.5, 0.9, 0.99, 0.999, 0.9999};

  void fields(base::Fields& f) {
    f.add("mu", mu, {.at_least = 0, .below = 1}, "contraction factors of the families of operators");
  }
};

struct Config {
  ExpressionConfig target;
  ConstructedConfig constructed;
  LearnedConfig learned;
  NecessityConfig necessity;

  void fields(base::Fields& f) {
    f.group("target", target);
    f.group("constructed", constructed);
    f.group("learned", learned);
    f.group("necessity", necessity);
  }

  // Values that do not go together, which no bound of one field can say. Throws UsageError.
  void check() const;

  std::vector<std::string> constructed_targets() const;  // resolved; `expression` last where one is given
  std::vector<std::string> learned_targets() const;
};

inline constexpr std::string_view kExpression = "expression";  // the name of the target of one's own

// quick: under three minutes on two cores; full: half an hour a seed; paper: the same with four times the updates.
// Errors: UsageError for another name.
Config preset(std::string_view name);

}  // namespace fathom::theory
