// Which flows a study trains and tests on. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"
#include "fathom/domain/pde/generate_options.h"

namespace fathom::pde {

struct DataConfig {
  std::string file;  // flows of your own; "": they are drawn
  std::int64_t train = 400;
  std::int64_t test = 100;
  GenerateOptions generate;  // of flows that are drawn; `viscosity` holds for those of a file too

  bool operator==(const DataConfig&) const = default;
  void fields(base::Fields& f) {
    f.add("file", file,
          "flows of your own: .npz, .h5, or a folder with forcing.npy and vorticity.npy; \"\": draw them");
    f.add("train", train, {.at_least = 1}, "flows to train on (of a file: the first so many)");
    f.add("test", test, {.at_least = 1}, "flows to test on (of a file: the last so many)");
    f.group("generate", generate);
  }
};

}  // namespace fathom::pde
