// What `fathom flow` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct FlowOptions {
  std::string model;   // "": the model that ships with the program
  std::string start;   // "": the model's prediction
  std::string output;  // "": nothing is written
  bool png = false;
  double viscosity = 0;
  std::int64_t iterations = 50;
  bool refine = false;

  void fields(base::Fields& f) {
    f.add("model", model, "model file; the one that ships with the program unless given");
    f.add("start", start, "take the vorticity in this file for the prediction instead of asking a model");
    f.add("output", output, "write the vorticity, the prediction and the PDE residuals to this .npz or .h5 file");
    f.add("png", png, "draw the fields of the first flows beside --output, as .png");
    f.add("viscosity", viscosity, {.at_least = 0}, "nu; 0: that of the flows the model was trained on");
    f.add("iterations", iterations, {.at_least = 1, .at_most = 100000}, "evaluations of the model's block at most");
    f.add("refine", refine, "solve the steady equation by Newton-Krylov, started from the prediction");
  }
};

}  // namespace fathom::app
