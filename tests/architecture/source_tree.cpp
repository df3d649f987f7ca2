#include "tests/architecture/source_tree.h"

#include <regex>
#include <sstream>

#include "fathom/base/file.h"

namespace fathom::architecture {

namespace fs = std::filesystem;

namespace {

void add_include(Source& source, const std::string& line) {
  static const std::regex kInclude("^\\s*#\\s*include\\s*([<\"])([^>\"]+)[>\"].*");
  std::smatch match;
  if (!std::regex_match(line, match, kInclude)) return;
  (match[1] == "<" ? source.foreign : source.ours).push_back(match[2]);
}

Source read_source(const fs::path& root, const fs::path& file) {
  Source source;
  source.path = fs::relative(file, root).generic_string();
  source.room = room_of(source.path);
  std::istringstream text(base::read_file(file));
  for (std::string line; std::getline(text, line);) add_include(source, line);
  return source;
}

void visit(const std::map<std::string, Source>& sources, const std::string& path, std::set<std::string>& seen) {
  if (!sources.contains(path) || !seen.insert(path).second) return;
  for (const std::string& next : sources.at(path).ours) visit(sources, next, seen);
}

}  // namespace

std::string room_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().generic_string();
  return folder.starts_with("fathom/") ? folder.substr(7) : folder;
}

std::map<std::string, Source> read_sources(const fs::path& root) {
  std::map<std::string, Source> sources;
  for (const char* top : {"fathom", "app", "python"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cpp") continue;
      Source source = read_source(root, entry.path());
      sources.emplace(source.path, std::move(source));
    }
  }
  return sources;
}

std::set<std::string> reachable(const std::map<std::string, Source>& sources, const std::string& path) {
  std::set<std::string> seen;
  visit(sources, path, seen);
  return seen;
}

std::map<std::string, std::set<std::string>> read_arrows(const std::string& markdown) {
  std::map<std::string, std::set<std::string>> table;
  std::istringstream text(markdown);
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("```")) inside = line == "```arrows";
    const std::size_t arrow = line.find("->");
    if (!inside || arrow == std::string::npos) continue;
    std::string room, word;
    std::istringstream(line.substr(0, arrow)) >> room;
    std::istringstream targets(line.substr(arrow + 2));
    std::set<std::string>& allowed = table[room];
    while (targets >> word) allowed.insert(word);
  }
  return table;
}

}  // namespace fathom::architecture
