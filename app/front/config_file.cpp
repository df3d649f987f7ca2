#include "app/front/config_file.h"

#include <algorithm>

#include <toml++/toml.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"

namespace fathom::app {

namespace {

constexpr std::uintmax_t kLargestConfig = 1 << 20;

std::string place(std::string_view file, const toml::source_region& region) {
  return fmt::format("{}:{}", file, region.begin.line);
}

std::string scalar_text(const toml::node& node, std::string_view key, const std::string& origin) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  throw UsageError(
      fmt::format("{}: {} holds a value of a kind that no option takes; give a number, a text, true or "
                  "false, or a list of numbers",
                  origin, key));
}

std::string value_text(const toml::node& node, std::string_view key, const std::string& origin) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return scalar_text(node, key, origin);
  std::vector<std::string> parts;
  for (const toml::node& element : *list) parts.push_back(scalar_text(element, key, origin));
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

void flatten(const toml::table& table, const std::string& prefix, std::string_view file, std::vector<Setting>& out) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, name + ".", file, out);
    } else {
      const std::string origin = place(file, key.source());
      out.push_back({name, value_text(node, name, origin), origin});
    }
  }
}

}  // namespace

std::vector<Setting> parse_config(std::string_view text, std::string_view file_name) {
  std::vector<Setting> settings;
  try {
    flatten(toml::parse(text), "", file_name, settings);
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}: not TOML: {}", place(file_name, error.source()), error.description()));
  }
  return settings;
}

std::vector<Setting> read_config_file(const std::filesystem::path& path) {
  std::string text;
  try {
    text = base::read_file(path, kLargestConfig);
  } catch (const Error& error) {
    throw UsageError(fmt::format("--config: {}", error.what()));
  }
  return parse_config(text, path.string());
}

Setting parse_assignment(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos) {
    throw UsageError(fmt::format("--set: '{}' is not of the form room.key=value", text));
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), "--set"};
}

}  // namespace fathom::app
