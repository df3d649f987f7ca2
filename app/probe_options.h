// What `fathom probe` can be told. Shared by the front, which parses it, and the engine.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"

namespace fathom::app {

struct ProbeOptions {
  std::int64_t samples = 8;
  std::int64_t iterations = 200;
  double rtol = 1e-6;
  std::int64_t unroll = 16;
  std::string input;  // "": drawn by the model's own domain
  std::string plots;  // "": no pictures

  void fields(base::Fields& f) {
    f.add("samples", samples, {.at_least = 1, .at_most = 10000},
          "samples the model is probed on, drawn as in its training or the first of --input");
    f.add("iterations", iterations, {.at_least = 1, .at_most = 100000}, "evaluations of the block a solve may use");
    f.add("rtol", rtol, {.above = 0, .below = 1}, "row tolerance of the solves");
    f.add("unroll", unroll, {.at_least = 1, .at_most = 1000}, "iterates along which regularity is probed");
    f.add("input", input, "x (and y0) for a TorchScript map G(y, x), .npz or .safetensors");
    f.add("plots", plots, "draw mu.svg and lipschitz.svg into this folder");
  }
};

}  // namespace fathom::app
