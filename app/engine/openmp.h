// Which OpenMP runtimes this process has loaded: more than one keep a pool of threads each, and the pools fight.
#pragma once

#include <string>
#include <vector>

namespace fathom::app {

std::vector<std::string> openmp_runtimes();  // files: ".../libgomp.so.1"

}  // namespace fathom::app
