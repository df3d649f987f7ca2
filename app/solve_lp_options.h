// What `fathom solve-lp` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct SolveLpOptions {
  std::string model;  // "": the model that ships with the program
  std::int64_t iterations = 0;
  bool refine = false;
  std::string start;   // "": the model's prediction
  std::string output;  // "": x is not written

  void fields(base::Fields& f) {
    f.add("model", model, "model file; the one that ships with the program unless given");
    f.add("iterations", iterations, {.at_least = 0, .at_most = 100000},
          "iterations of the model; 0: those it was trained with");
    f.add("refine", refine, "finish with the simplex method, started from the prediction");
    f.add("start", start, "predict the x in this .npy file instead of asking a model");
    f.add("output", output, "write x to this .npy or .csv file");
  }
};

}  // namespace fathom::app
