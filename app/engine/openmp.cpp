#include "app/engine/openmp.h"

#include <link.h>

namespace fathom::app {

namespace {

int collect_runtime(dl_phdr_info* info, std::size_t, void* data) {
  const std::string path = info->dlpi_name;
  const std::string name = path.substr(path.rfind('/') + 1);
  for (const char* runtime : {"libgomp", "libiomp", "libomp"}) {
    if (name.starts_with(runtime)) static_cast<std::vector<std::string>*>(data)->push_back(path);
  }
  return 0;
}

}  // namespace

std::vector<std::string> openmp_runtimes() {
  std::vector<std::string> files;
  dl_iterate_phdr(collect_runtime, &files);
  return files;
}

}  // namespace fathom::app
