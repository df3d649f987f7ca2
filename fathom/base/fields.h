// Option fields by visitor: one list per option struct gives its defaults, bounds, help, command line, TOML table,
// documentation and the printed difference from the defaults.
//
//   struct Picard {
//     double damping = 1.0;
//     void fields(base::Fields& f) {
//       f.add("damping", damping, {.above = 0, .at_most = 1}, "tau: y+ = (1-tau) y + tau G(y)");
//     }
//   };
//
// Nested structs become groups: f.group("stop", stop) names its fields stop.rtol, stop.max_iter...
// The list refers to the object it was made from: it must not outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::base {

// The open or closed ends between which a number must lie. Unset ends are infinite.
struct Bounds {
  double at_least = -std::numeric_limits<double>::infinity();
  double above = -std::numeric_limits<double>::infinity();
  double at_most = std::numeric_limits<double>::infinity();
  double below = std::numeric_limits<double>::infinity();

  bool hold(double value) const;  // false for NaN
  std::string text() const;       // "(0, 1]", ">= 1", "any"
};

// One option. `set` parses the text, checks the bounds and throws UsageError with name, value, bound and hint.
struct Field {
  std::string name;   // "solver.anderson.depth"
  std::string type;   // "number", "integer", "bool", "text", "choice", "numbers", "integers"
  std::string bound;  // "(0, 1]" or "picard|anderson"
  std::string help;
  std::string default_text;  // the value when the list was made
  std::function<std::string()> get;
  std::function<void(std::string_view)> set;
};

class Fields {
 public:
  void add(std::string_view name, double& value, Bounds bounds, std::string_view help);
  void add(std::string_view name, std::int64_t& value, Bounds bounds, std::string_view help);
  void add(std::string_view name, bool& value, std::string_view help);
  void add(std::string_view name, std::string& value, std::string_view help);
  void add(std::string_view name, std::vector<double>& value, Bounds each, std::string_view help);
  void add(std::string_view name, std::vector<std::int64_t>& value, Bounds each, std::string_view help);
  void add_choice(std::string_view name, std::string& value, std::vector<std::string> allowed, std::string_view help);

  // Adds the fields of a nested option struct under `prefix.`.
  template <class Options>
  void group(std::string_view prefix, Options& options) {
    const std::string outer = prefix_;
    prefix_ = outer + std::string(prefix) + ".";
    options.fields(*this);
    prefix_ = outer;
  }

  const std::vector<Field>& all() const { return list_; }

  // The field of that name; throws UsageError "unknown option 'x'; did you mean 'y'?".
  const Field& at(std::string_view name) const;
  void set(std::string_view name, std::string_view value) const { at(name).set(value); }

 private:
  Field& push(std::string_view name, std::string type, std::string bound, std::string_view help);

  std::string prefix_;
  std::vector<Field> list_;
};

template <class Options>
Fields fields_of(Options& options) {
  Fields list;
  options.fields(list);
  return list;
}

// Checks every value against its bounds (a struct filled in code has passed no parser). Throws UsageError.
void validate(const Fields& fields);

// "name = value (default d)" for every field whose value is not the default of `defaults`, a list made from a fresh
// struct.
std::vector<std::string> changed_from_default(const Fields& fields, const Fields& defaults);

// The list as a TOML document (groups become tables), each value with its help and bound as a comment if `comments`.
std::string to_toml(const Fields& fields, bool comments = false);

// A Markdown table: option, default, bound, meaning.
std::string to_markdown(const Fields& fields);

}  // namespace fathom::base
