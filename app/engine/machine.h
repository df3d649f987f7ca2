// Facts about the machine and the process, as the operating system tells them.
#pragma once

#include <cstdint>
#include <string>

namespace fathom::app {

struct Machine {
  std::string cpu;         // model name; "unknown" where /proc/cpuinfo has none
  std::string features;    // of those that matter here: "avx2 avx512f avx512_bf16 avx512_vnni"
  std::int64_t cores = 1;  // this process may run on
  double quota = 0;        // cores' worth of time that the control group allows; 0: no limit
  double memory_gb = 0;    // available
  std::string huge_pages;  // always | madvise | never | "" where unknown

  std::int64_t usable_cores() const;  // cores, or fewer where the quota says so
};

Machine read_machine();

std::string environment(const char* name);  // "" when unset

}  // namespace fathom::app
