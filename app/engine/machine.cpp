#include "app/engine/machine.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fathom::app {

namespace {

// The rest of the first line that starts with `key`, after its colon.
std::string value_of(const char* file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    const std::size_t start = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    if (start != std::string::npos) return line.substr(start);
  }
  return "";
}

std::string simd_features() {
  std::istringstream all(value_of("/proc/cpuinfo", "flags"));
  std::string kept;
  for (std::string word; all >> word;) {
    for (const char* wanted : {"avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"}) {
      if (word == wanted) kept += (kept.empty() ? "" : " ") + word;
    }
  }
  return kept;
}

std::int64_t allowed_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return CPU_COUNT(&set);
}

// cgroup v2: "200000 100000" (microseconds per period) or "max 100000".
double group_quota() {
  std::ifstream in("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  return in >> quota >> period && period > 0 ? quota / period : 0;
}

// "always [madvise] never" -> "madvise".
std::string chosen_huge_pages() {
  std::ifstream in("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string line;
  std::getline(in, line);
  const std::size_t open = line.find('['), close = line.find(']');
  return open == std::string::npos || close == std::string::npos ? "" : line.substr(open + 1, close - open - 1);
}

}  // namespace

std::int64_t Machine::usable_cores() const {
  if (quota <= 0) return cores;
  return std::min(cores, static_cast<std::int64_t>(std::ceil(quota)));
}

Machine read_machine() {
  Machine machine;
  machine.cpu = value_of("/proc/cpuinfo", "model name");
  if (machine.cpu.empty()) machine.cpu = "unknown";
  machine.features = simd_features();
  machine.cores = allowed_cores();
  machine.quota = group_quota();
  constexpr double kKilobytesPerGigabyte = 1e6;
  machine.memory_gb = std::strtod(value_of("/proc/meminfo", "MemAvailable").c_str(), nullptr) / kKilobytesPerGigabyte;
  machine.huge_pages = chosen_huge_pages();
  return machine;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace fathom::app
