#include "bench/choose/page.h"

#include <cmath>
#include <ctime>
#include <fstream>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/report/table_text.h"

namespace fathom::bench {

namespace {

constexpr const char* kMarker = "<!-- Measured: all below this line is written by bench_choose. -->\n";

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

}  // namespace

std::string short_number(double value) {
  if (std::isnan(value)) return "–";
  return std::abs(value) >= 1000 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
}

std::string measured(const std::string& command, const std::string& setting, const std::vector<base::Table>& tables) {
  std::string text = fmt::format("\n`OMP_NUM_THREADS=1 {}`, {:%Y-%m-%d}, {}, seed {}.\n{}\n", command,
                                 fmt::gmtime(std::time(nullptr)), processor(), kSeed, setting);
  for (const base::Table& table : tables) text += "\n" + report::to_markdown(table);
  return text;
}

void write_below_marker(const std::filesystem::path& page, const std::string& text) {
  const std::string old = base::read_file(page);
  const std::size_t marker = old.find(kMarker);
  if (marker == std::string::npos) base::fail("bench::choose", "{} has no line '{}'", page.string(), kMarker);
  base::write_atomically(page, std::string_view(old.substr(0, marker) + kMarker + text));
}

}  // namespace fathom::bench
