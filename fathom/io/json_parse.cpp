#include "fathom/io/json_parse.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"

namespace fathom::io {
namespace {

// Before parsing: a document of a million brackets must not cost a million levels.
int deepest_nesting(std::string_view text) {
  int depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

// The keys of the objects that are open, innermost last.
class OpenKeys {
 public:
  void open() { keys_.emplace_back(); }
  void close() { keys_.pop_back(); }
  bool add(const std::string& key) { return keys_.back().insert(key).second; }

 private:
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

nlohmann::json parse_json(std::string_view text, std::string_view place, std::string_view origin) {
  using Event = nlohmann::json::parse_event_t;
  const int depth = deepest_nesting(text);
  if (depth > kJsonDepthLimit) {
    base::fail(place, "{}: JSON nested {} deep; the limit is {}", origin, depth, kJsonDepthLimit);
  }
  OpenKeys keys;
  const auto watch = [&](int, Event event, nlohmann::json& parsed) {
    if (event == Event::object_start) keys.open();
    if (event == Event::object_end) keys.close();
    if (event != Event::key) return true;
    const std::string& key = parsed.get_ref<const std::string&>();
    if (!keys.add(key)) base::fail(place, "{}: key '{}' appears twice in one object", origin, excerpt(key));
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::exception& error) {
    base::fail(place, "{}: bad JSON: {}", origin, excerpt(error.what(), 200));
  }
}

}  // namespace fathom::io
