#include "fathom/base/fields.h"

#include <charconv>
#include <cmath>
#include <map>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::base {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string_view bound, std::string_view hint) {
  throw UsageError(fmt::format("[options] {} = {} violates {}; {}", name, value, bound, hint));
}

template <class Number>
Number parse_number(std::string_view name, std::string_view text, std::string_view kind) {
  text = trim(text);
  const bool plus = text.starts_with('+') && !text.starts_with("+-");
  const std::string_view digits = plus ? text.substr(1) : text;
  Number value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) {
    refuse(name, fmt::format("'{}'", text), fmt::format("type {}", kind), fmt::format("give one {}", kind));
  }
  return value;
}

double parse_bounded(std::string_view name, std::string_view text, const Bounds& bounds) {
  const double value = parse_number<double>(name, text, "number");
  if (!bounds.hold(value)) refuse(name, trim(text), bounds.text(), "choose a value inside the bound");
  return value;
}

std::int64_t parse_bounded_integer(std::string_view name, std::string_view text, const Bounds& bounds) {
  const std::int64_t value = parse_number<std::int64_t>(name, text, "integer");
  if (!bounds.hold(static_cast<double>(value))) {
    refuse(name, trim(text), bounds.text(), "choose a value inside the bound");
  }
  return value;
}

bool parse_bool(std::string_view name, std::string_view text) {
  text = trim(text);
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  refuse(name, fmt::format("'{}'", text), "true|false", "write true or false");
}

// "[1, 2]", "1,2" or "1 , 2" -> the parts.
std::vector<std::string_view> split_list(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[') && text.ends_with(']')) text = trim(text.substr(1, text.size() - 2));
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    parts.push_back(trim(text.substr(0, comma)));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return parts;
}

template <class Value>
std::string list_text(const std::vector<Value>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);  // a basic string holds no control characters
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Numbers, booleans and lists are written bare in TOML; words are quoted.
std::string toml_value(const Field& field, const std::string& text) {
  if (field.type == "text" || field.type == "choice") return quoted(text);
  if (field.type == "number" && text.find_first_of(".einf") == std::string::npos) return text + ".0";
  return text;
}

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

// An end left at infinity is no bound, so that an infinite value (a time budget, say) passes it.
bool Bounds::hold(double value) const {
  const double inf = std::numeric_limits<double>::infinity();
  return value >= at_least && (above == -inf || value > above) && value <= at_most && (below == inf || value < below);
}

std::string Bounds::text() const {
  const double inf = std::numeric_limits<double>::infinity();
  const bool open_low = above > at_least, open_high = below < at_most;
  const double low = open_low ? above : at_least, high = open_high ? below : at_most;
  if (low == -inf && high == inf) return "any";
  if (high == inf) return fmt::format("{} {}", open_low ? ">" : ">=", low);
  if (low == -inf) return fmt::format("{} {}", open_high ? "<" : "<=", high);
  return fmt::format("{}{}, {}{}", open_low ? "(" : "[", low, high, open_high ? ")" : "]");
}

Field& Fields::push(std::string_view name, std::string type, std::string bound, std::string_view help) {
  list_.push_back({prefix_ + std::string(name), std::move(type), std::move(bound), std::string(help), "", {}, {}});
  return list_.back();
}

void Fields::add(std::string_view name, double& value, Bounds bounds, std::string_view help) {
  Field& field = push(name, "number", bounds.text(), help);
  field.get = [&value] { return fmt::format("{}", value); };
  field.set = [&value, bounds, full = field.name](std::string_view text) { value = parse_bounded(full, text, bounds); };
  field.default_text = field.get();
}

void Fields::add(std::string_view name, std::int64_t& value, Bounds bounds, std::string_view help) {
  Field& field = push(name, "integer", bounds.text(), help);
  field.get = [&value] { return fmt::format("{}", value); };
  field.set = [&value, bounds, full = field.name](std::string_view text) {
    value = parse_bounded_integer(full, text, bounds);
  };
  field.default_text = field.get();
}

void Fields::add(std::string_view name, bool& value, std::string_view help) {
  Field& field = push(name, "bool", "true|false", help);
  field.get = [&value] { return std::string(value ? "true" : "false"); };
  field.set = [&value, full = field.name](std::string_view text) { value = parse_bool(full, text); };
  field.default_text = field.get();
}

void Fields::add(std::string_view name, std::string& value, std::string_view help) {
  Field& field = push(name, "text", "any", help);
  field.get = [&value] { return value; };
  field.set = [&value](std::string_view text) { value = std::string(text); };
  field.default_text = field.get();
}

void Fields::add(std::string_view name, std::vector<double>& value, Bounds each, std::string_view help) {
  Field& field = push(name, "numbers", "each " + each.text(), help);
  field.get = [&value] { return list_text(value); };
  field.set = [&value, each, full = field.name](std::string_view text) {
    std::vector<double> parsed;
    for (const std::string_view part : split_list(text)) parsed.push_back(parse_bounded(full, part, each));
    value = std::move(parsed);
  };
  field.default_text = field.get();
}

void Fields::add(std::string_view name, std::vector<std::int64_t>& value, Bounds each, std::string_view help) {
  Field& field = push(name, "integers", "each " + each.text(), help);
  field.get = [&value] { return list_text(value); };
  field.set = [&value, each, full = field.name](std::string_view text) {
    std::vector<std::int64_t> parsed;
    for (const std::string_view part : split_list(text)) parsed.push_back(parse_bounded_integer(full, part, each));
    value = std::move(parsed);
  };
  field.default_text = field.get();
}

void Fields::add_choice(std::string_view name, std::string& value, std::vector<std::string> allowed,
                        std::string_view help) {
  Field& field = push(name, "choice", fmt::format("{}", fmt::join(allowed, "|")), help);
  field.get = [&value] { return value; };
  field.set = [&value, allowed = std::move(allowed), full = field.name](std::string_view text) {
    text = trim(text);
    for (const std::string& word : allowed) {
      if (word == text) {
        value = word;
        return;
      }
    }
    const std::string near = nearest(text, allowed);
    refuse(full, fmt::format("'{}'", text), fmt::format("{}", fmt::join(allowed, "|")),
           near.empty() ? std::string("choose one of these") : fmt::format("did you mean '{}'?", near));
  };
  field.default_text = field.get();
}

const Field& Fields::at(std::string_view name) const {
  std::vector<std::string> names;
  for (const Field& field : list_) {
    if (field.name == name) return field;
    names.push_back(field.name);
  }
  const std::string near = nearest(name, names);
  throw UsageError(
      fmt::format("[options] unknown option '{}'; {}", name,
                  near.empty() ? std::string("`fathom options` lists all") : fmt::format("did you mean '{}'?", near)));
}

void validate(const Fields& fields) {
  for (const Field& field : fields.all()) field.set(field.get());
}

std::vector<std::string> changed_from_default(const Fields& fields, const Fields& defaults) {
  std::vector<std::string> lines;
  for (const Field& field : fields.all()) {
    const std::string value = field.get(), usual = defaults.at(field.name).get();
    if (value != usual) lines.push_back(fmt::format("{} = {} (default {})", field.name, value, usual));
  }
  return lines;
}

std::string to_toml(const Fields& fields, bool comments) {
  // TOML wants the keys of a table together, and the root's first.
  std::vector<std::string> order = {""};
  std::map<std::string, std::string> tables;
  for (const Field& field : fields.all()) {
    const std::size_t dot = field.name.rfind('.');
    const std::string table = dot == std::string::npos ? "" : field.name.substr(0, dot);
    const std::string key = dot == std::string::npos ? field.name : field.name.substr(dot + 1);
    if (!tables.contains(table) && !table.empty()) order.push_back(table);
    std::string& text = tables[table];
    if (comments) text += fmt::format("# {} ({})\n", field.help, field.bound);
    text += fmt::format("{} = {}\n", key, toml_value(field, field.get()));
  }
  std::string out = tables[""];
  for (const std::string& table : order) {
    if (!table.empty()) out += fmt::format("{}[{}]\n{}", out.empty() ? "" : "\n", table, tables[table]);
  }
  return out;
}

std::string to_markdown(const Fields& fields) {
  std::string out = "| option | default | bound | meaning |\n| --- | --- | --- | --- |\n";
  for (const Field& field : fields.all()) {
    out += fmt::format("| `{}` | `{}` | {} | {} |\n", field.name,
                       field.default_text.empty() ? "\"\"" : field.default_text, cell(field.bound), cell(field.help));
  }
  return out;
}

}  // namespace fathom::base
