// Everything `fathom study map` can be told. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fathom/base/fields.h"

namespace fathom::map {

struct StudyConfig {
  std::int64_t iterations = 32;
  std::int64_t perturbed = 4;
  double perturbation = 1e-3;

  void fields(base::Fields& f) {
    f.add("iterations", iterations, {.at_least = 1, .at_most = 100000}, "T: the map is evaluated at t = 0..T");
    f.add("perturbed", perturbed, {.at_least = 1, .at_most = 10000}, "random directions in which every input is moved");
    f.add("perturbation", perturbation, {.above = 0, .at_most = 1}, "length of a move relative to that of the input");
  }
};

struct Config {
  std::string model;
  std::string input;
  StudyConfig study;

  void fields(base::Fields& f) {
    f.add("model", model, "the map G(y, x), a file of torch.jit.script or torch.jit.trace");
    f.add("input", input, ".npz or .safetensors with x, and y0 (zeros like x unless given) and target where known");
    f.group("study", study);
  }
  void check() const {}  // any values go together; whether the files are there the job says
};

// quick, full or paper.
Config preset(std::string_view name);

}  // namespace fathom::map
