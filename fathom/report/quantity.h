// What is known about the quantities and metrics that a record names: how to call them, how to draw
// them, which way is better.
#pragma once

#include <string>

namespace fathom::report {

enum class Better { lower, higher, neither };

struct Quantity {
  std::string title;    // "Residual"
  std::string reading;  // a sentence: what the picture shows
  Better better = Better::neither;
  bool from_zero = false;       // a linear axis starts at zero
  bool always_log = false;      // else log when the values span more than a factor 50
  bool never_log = false;       // already logarithmic, or signed
  bool along_training = false;  // the axis counts training steps, not iterations
  std::string x_label;          // what the axis counts where it is neither
  std::string section;          // heading of its pictures; "": that of their axis

  bool along_iterations() const { return !along_training && x_label.empty(); }
};

// Of a curve. A name that is not known is its own title; one that ends in " by <what>" is drawn along <what>.
Quantity quantity_of(const std::string& name);

// Of a result table: "rel_l2" -> "relative L2 error", "rel_l2 on 1/x" -> "relative L2 error on 1/x". A name that is not
// known is returned with spaces for underscores.
std::string metric_words(const std::string& metric);
Better better_of(const std::string& metric);

// "lower is better", "higher is better" or "".
std::string direction_words(Better better);

// True if `a` is the better of two figures; a figure that is not finite is never better.
bool is_better(double a, double b, Better direction);

std::string capitalised(std::string text);

// "training_depth" -> "training depth".
std::string spaced(std::string name);

}  // namespace fathom::report
