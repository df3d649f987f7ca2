// The measured part of a page of docs/: tables as Markdown, with the command, the machine and the date they come from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::bench {

constexpr std::uint64_t kSeed = 1;

std::vector<base::Table> solver_tables();
std::vector<base::Table> gradient_tables();

// "3", "0.21", "1.3e-06"
std::string short_number(double value);

// "Made by `command`, seed 1, CPU, date" and the tables.
std::string measured(const std::string& command, const std::string& setting, const std::vector<base::Table>& tables);

// Replaces what stands below the marker line of the page. Throws Error when the page has none.
void write_below_marker(const std::filesystem::path& page, const std::string& text);

}  // namespace fathom::bench
