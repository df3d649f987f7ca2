#include "app/front/engine.h"

#include <dlfcn.h>

#include <string_view>

#include "app/front/environment.h"
#include "fathom/base/error.h"

namespace fathom::app {

namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "libfathom_commands.so";

fs::path find_module() {
  const fs::path here = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path built = here / ".." / "lib" / kModule, installed = here / FATHOM_ENGINE_FOLDER / kModule;
  for (const fs::path& path : {built, installed}) {
    if (fs::exists(path)) return fs::canonical(path);
  }
  base::fail("app::engine", "no {} at {} or {}; build the target fathom_commands, or install the program again",
             kModule, built.lexically_normal().string(), installed.lexically_normal().string());
}

template <class Function>
Function* symbol(void* module, const char* name, const fs::path& path) {
  void* address = dlsym(module, name);
  if (address == nullptr) base::fail("app::engine", "{} has no {}; install the program again", path.string(), name);
  return reinterpret_cast<Function*>(address);
}

}  // namespace

int run_in_engine(const Request& request) {
  const fs::path path = find_module();
  prepare_environment(request.run.threads);
  prefer_openmp_blas();
  void* module = dlopen(path.c_str(), RTLD_NOW);
  if (module == nullptr) base::fail("app::engine", "cannot load {}: {}", path.string(), dlerror());
  const std::string_view build = symbol<const char*()>(module, "fathom_engine_version", path)();
  if (build != request.version) {
    base::fail("app::engine", "{} is of version {}, this program of {}; install both again", path.string(), build,
               request.version);
  }
  return symbol<int(const Request*)>(module, "fathom_engine_run", path)(&request);
}

}  // namespace fathom::app
