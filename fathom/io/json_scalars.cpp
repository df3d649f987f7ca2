#include "fathom/io/json_scalars.h"

#include <limits>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/json_parse.h"

namespace fathom::io {

namespace {

constexpr std::string_view kPlace = "io::json_scalars";

bool beyond_int64(const nlohmann::json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max();
}

// Adds the scalars below `value`, whose own path is `name`.
void collect(const nlohmann::json& value, const std::string& name, std::map<std::string, FlatValue>& into) {
  if (value.is_object() || value.is_array()) {
    for (const auto& [key, member] : value.items()) collect(member, name.empty() ? key : name + "." + key, into);
  } else if (value.is_boolean()) {
    into[name] = value.get<bool>();
  } else if (value.is_number_integer() && !beyond_int64(value)) {
    into[name] = value.get<std::int64_t>();
  } else if (value.is_number()) {
    into[name] = value.get<double>();
  } else if (value.is_string()) {
    into[name] = value.get<std::string>();
  }
}

[[noreturn]] void wrong_type(const std::string& origin, const std::string& name, std::string_view wanted) {
  base::fail(kPlace, "{}: '{}' is not {}", origin, name, wanted);
}

}  // namespace

const FlatValue& JsonScalars::at(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) base::fail(kPlace, "{}: '{}' is missing", origin_, name);
  return found->second;
}

std::int64_t JsonScalars::integer(const std::string& name) const {
  const auto* value = std::get_if<std::int64_t>(&at(name));
  if (value == nullptr) wrong_type(origin_, name, "a whole number");
  return *value;
}

double JsonScalars::number(const std::string& name) const {
  const FlatValue& value = at(name);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) wrong_type(origin_, name, "a number");
  return *number;
}

bool JsonScalars::flag(const std::string& name) const {
  const auto* value = std::get_if<bool>(&at(name));
  if (value == nullptr) wrong_type(origin_, name, "true or false");
  return *value;
}

std::string JsonScalars::text(const std::string& name) const {
  const auto* value = std::get_if<std::string>(&at(name));
  if (value == nullptr) wrong_type(origin_, name, "text");
  return *value;
}

JsonScalars parse_json_scalars(std::string_view text, std::string_view origin) {
  const nlohmann::json document = parse_json(text, kPlace, origin);
  if (!document.is_object()) base::fail(kPlace, "{}: a JSON object is needed", origin);
  std::map<std::string, FlatValue> values;
  collect(document, "", values);
  return {std::move(values), std::string(origin)};
}

JsonScalars read_json_scalars(const std::filesystem::path& path) {
  return parse_json_scalars(base::read_file(path), path.string());
}

}  // namespace fathom::io
