// What `fathom convert` can be told.
#pragma once

#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct ConvertOptions {
  std::string output;
  std::string dtype = "f16";

  void fields(base::Fields& f) {
    f.add("output", output, "the safetensors file to write");
    f.add_choice("dtype", dtype, {"f16", "bf16", "f32"},
                 "format of the float tensors of two dimensions or more; f64 ones and all others stay as they are");
  }
};

}  // namespace fathom::app
