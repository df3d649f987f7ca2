#include "fathom/domain/theory/config.h"

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::theory {

namespace {

const std::vector<std::string> kOfOneVariable = {"reciprocal", "inverse_square", "logarithm",
                                                 "tangent",    "square_root",    "two_poles"};
const std::vector<std::string> kOfSeveral = {"inversion", "matrix_inverse"};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : list + ",") {
    if (c == ',') {
      if (!name.empty()) names.push_back(name);
      name.clear();
    } else if (c != ' ') {
      name += c;
    }
  }
  return names;
}

[[noreturn]] void refuse(const std::string& field, const std::string& name, const std::vector<std::string>& known) {
  const std::string near = base::nearest(name, known);
  throw UsageError(
      fmt::format("[options] {} = '{}' violates a name of {}; {}", field, name, fmt::join(known, ", "),
                  near.empty() ? std::string("choose among these") : fmt::format("did you mean '{}'?", near)));
}

std::vector<std::string> resolved(const std::string& field, const std::string& list, std::vector<std::string> known,
                                  bool expression) {
  if (list == "none") return {};
  if (expression) known.emplace_back(kExpression);
  if (list == "all") return known;
  std::vector<std::string> names;
  for (const std::string& name : split(list)) {
    if (std::find(known.begin(), known.end(), name) == known.end()) refuse(field, name, known);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void check_domain(const ExpressionConfig& own) {
  if (own.low < own.high) return;
  throw UsageError(
      fmt::format("[options] target.low = {} violates < target.high = {}; give an interval", own.low, own.high));
}

}  // namespace

std::vector<std::string> Config::constructed_targets() const {
  std::vector<std::string> known = kOfOneVariable;
  known.insert(known.end(), kOfSeveral.begin(), kOfSeveral.end());
  std::vector<std::string> names =
      resolved("constructed.targets", constructed.targets, known, !target.expression.empty());
  const bool missing = std::find(names.begin(), names.end(), kExpression) == names.end();
  if (!target.expression.empty() && missing) names.emplace_back(kExpression);  // whoever gives one wants to see it
  return names;
}

std::vector<std::string> Config::learned_targets() const {
  return resolved("learned.targets", learned.targets, kOfOneVariable, !target.expression.empty());
}

void Config::check() const {
  if (!target.expression.empty()) check_domain(target);
  constructed_targets();
  if (learned_targets().empty()) return;
  if (learned.bounds.empty()) {
    throw UsageError("[options] learned.bounds = [] violates one bound or more; name one, or learned.targets = none");
  }
  if (learned.learning_rates.empty()) {
    throw UsageError("[options] learned.learning_rates = [] violates one step size or more; name one");
  }
  if (learned.iterations < learned.depth) {
    throw UsageError(fmt::format("[options] learned.iterations = {} violates >= learned.depth = {}; raise it",
                                 learned.iterations, learned.depth));
  }
}

}  // namespace fathom::theory
