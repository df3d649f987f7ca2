// The sources of this project as a graph of includes.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fathom::architecture {

struct Source {
  std::string path;                  // "fathom/solve/options.h", relative to the root
  std::string room;                  // "solve", "domain/lp", "app", "app/front"
  std::vector<std::string> ours;     // paths of included files of this project
  std::vector<std::string> foreign;  // what stands between < >
};

// "fathom/domain/lp/x.h" -> "domain/lp"; "app/front/x.h" -> "app/front"; "app/x.h" -> "app".
std::string room_of(const std::string& path);

// Every .h and .cpp under fathom/ and app/, by path.
std::map<std::string, Source> read_sources(const std::filesystem::path& root);

// Every file that `path` includes, directly or through others, itself included.
std::set<std::string> reachable(const std::map<std::string, Source>& sources, const std::string& path);

// The ```arrows block of docs/architecture.md: room -> what it may include (rooms, or single headers such as
// "domain/lp/config.h").
std::map<std::string, std::set<std::string>> read_arrows(const std::string& markdown);

}  // namespace fathom::architecture
