#include "fathom/io/safetensors_index.h"

#include <set>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/json_parse.h"

namespace fathom::io {
namespace {

using nlohmann::json;
constexpr std::string_view kPlace = "io::parse_safetensors_index";

template <class... Args>
[[noreturn]] void refuse(std::string_view origin, fmt::format_string<Args...> format, Args&&... args) {
  base::fail(kPlace, "{}: {}", origin, excerpt(fmt::format(format, std::forward<Args>(args)...), 300));
}

std::string file_name(const json& value, const std::string& tensor, std::string_view origin) {
  if (!value.is_string()) refuse(origin, "the file of tensor '{}' is not a text", excerpt(tensor));
  const auto& name = value.get_ref<const std::string&>();
  const bool plain = name.find_first_of(std::string_view("/\\\0", 3)) == name.npos && !name.starts_with('.');
  if (!plain || !name.ends_with(".safetensors")) {
    refuse(origin, "file '{}' of tensor '{}' is not a plain name that ends with .safetensors", excerpt(name),
           excerpt(tensor));
  }
  return name;
}

std::optional<std::uint64_t> total_of(const json& index, std::string_view origin) {
  const auto metadata = index.find("metadata");
  if (metadata == index.end() || !metadata->is_object()) return std::nullopt;
  const auto total = metadata->find("total_size");
  if (total == metadata->end()) return std::nullopt;
  if (!total->is_number_unsigned()) refuse(origin, "total_size = {} is not an integer >= 0", excerpt(total->dump()));
  return total->get<std::uint64_t>();
}

}  // namespace

std::vector<std::string> SafetensorsIndex::files() const {
  std::set<std::string> names;
  for (const auto& [tensor, file] : file_of) names.insert(file);
  return {names.begin(), names.end()};
}

SafetensorsIndex parse_safetensors_index(std::string_view text, std::string_view origin) {
  const json index = parse_json(text, kPlace, origin);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object()) refuse(origin, "there is no object 'weight_map'");
  if (map->empty()) refuse(origin, "'weight_map' names no tensor");
  SafetensorsIndex parsed;
  parsed.total_bytes = total_of(index, origin);
  for (const auto& [tensor, file] : map->items()) parsed.file_of[tensor] = file_name(file, tensor, origin);
  return parsed;
}

}  // namespace fathom::io
