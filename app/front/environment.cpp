#include "app/front/environment.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace fathom::app {

namespace {

// What ATen's AVX-512 kernels are compiled for.
bool cpu_has_avx512() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

}  // namespace

void prepare_environment(std::int64_t threads) {
  constexpr int kKeepTheUsers = 0;
  setenv("OMP_WAIT_POLICY", "PASSIVE", kKeepTheUsers);
  if (cpu_has_avx512()) setenv("ATEN_CPU_CAPABILITY", "avx512", kKeepTheUsers);
  if (threads > 0) setenv("OMP_NUM_THREADS", std::to_string(threads).c_str(), 1);
}

void prefer_openmp_blas() {
  const std::filesystem::path folder = FATHOM_OPENMP_BLAS_FOLDER;  // cmake: /usr/lib/<multiarch>/openblas-openmp
  for (const char* library : {"libopenblas.so.0", "libblas.so.3", "liblapack.so.3"}) {
    const std::filesystem::path path = folder / library;
    if (std::filesystem::exists(path)) dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  }
}

}  // namespace fathom::app
