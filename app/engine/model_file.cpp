#include "app/engine/model_file.h"

#include "fathom/base/error.h"

namespace fathom::app {

namespace fs = std::filesystem;

fs::path model_file(const std::string& asked, const std::string& name) {
  if (!asked.empty()) {
    if (!fs::exists(asked)) base::fail("app::model_file", "no model file at {}; check --model", asked);
    return asked;
  }
  const fs::path shipped = fs::read_symlink("/proc/self/exe").parent_path() / "../share/fathom/models" / name;
  if (!fs::exists(shipped)) {
    base::fail("app::model_file",
               "the shipped model {} is missing; install the program again, or name one with --model", name);
  }
  return fs::canonical(shipped);
}

}  // namespace fathom::app
