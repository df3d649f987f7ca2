// run.toml -> settings: "[solver] depth = 8" becomes the setting "solver.depth" = "8" from "run.toml:2".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::app {

// One option's new value and who asked for it, for the error text: "run.toml:12", "--set", "--seed".
struct Setting {
  std::string name;
  std::string value;
  std::string origin;
};

// Settings in the file's order. Throws UsageError naming file and line: absent, larger than 1 MB, not TOML, or a value
// that no option can hold (dates, tables in arrays).
std::vector<Setting> read_config_file(const std::filesystem::path& path);
std::vector<Setting> parse_config(std::string_view text, std::string_view file_name);

// "room.key=value". Throws UsageError when there is no '=' or no name.
Setting parse_assignment(std::string_view text);

}  // namespace fathom::app
