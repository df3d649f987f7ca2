#include "app/engine/blas.h"

#include <dlfcn.h>
#include <link.h>

namespace fathom::app {

namespace {

int collect(dl_phdr_info* info, std::size_t, void* data) {
  const std::string path = info->dlpi_name;
  const std::string name = path.substr(path.rfind('/') + 1);
  for (const char* part : {"blas", "lapack", "mkl", "blis"}) {
    if (name.find(part) == std::string::npos) continue;
    static_cast<std::vector<std::string>*>(data)->push_back(path);
    break;
  }
  return 0;
}

template <class Function>
Function* find(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

std::string file_of(const void* address) {
  Dl_info info = {};
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fname : "";
}

std::string folder_of(const std::string& file) { return file.substr(0, file.rfind('/')); }

}  // namespace

Blas find_blas() {
  Blas blas;
  dl_iterate_phdr(collect, &blas.loaded);
  blas.library = file_of(dlsym(RTLD_DEFAULT, "sgemm_"));
  auto* config = find<char*()>("openblas_get_config");
  // Another BLAS may stand in front of an OpenBLAS that is loaded too.
  if (config == nullptr || folder_of(blas.library) != folder_of(file_of(reinterpret_cast<void*>(config)))) return blas;
  blas.description = config();
  if (auto* kernels = find<char*()>("openblas_get_corename")) blas.kernels = kernels();
  if (auto* parallel = find<int()>("openblas_get_parallel")) {
    const int kind = parallel();  // 0 sequential, 1 own threads, 2 OpenMP
    blas.threads = kind == 2 ? BlasThreads::openmp : kind == 1 ? BlasThreads::pthread : BlasThreads::none;
  }
  return blas;
}

std::string to_text(BlasThreads threads) {
  switch (threads) {
    case BlasThreads::none:
      return "one thread only";
    case BlasThreads::pthread:
      return "its own threads (pthread)";
    case BlasThreads::openmp:
      return "OpenMP threads";
    case BlasThreads::unknown:
      break;
  }
  return "unknown threads";
}

}  // namespace fathom::app
