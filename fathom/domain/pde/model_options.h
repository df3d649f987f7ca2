// Which network maps a forcing to a vorticity. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::pde {

// The networks of the paper's comparison and one of our own, all of the same blocks:
//   implicit   z* = G(z*, x): the blocks, iterated                                   [Marwah2023] arXiv:2312.00234
//   fno        the blocks once, without injection and normalisation, on the lifted input
//   fno++      the blocks once, with injection, from z = 0; normalised or not
struct ModelOptions {
  std::string kind = "implicit";
  std::int64_t width = 32;   // channels
  std::int64_t modes = 12;   // kept frequencies of each sign and axis
  std::int64_t depth = 1;    // blocks, each with its own weights
  std::int64_t padding = 0;  // points added at the right and at the bottom: 0 keeps the domain periodic
  bool normalize = true;     // instance norms inside the blocks and the decoder
  bool coordinates = false;  // the input's points tell where they are, by two more channels

  bool implicit() const { return kind == "implicit"; }
  std::int64_t inputs() const { return coordinates ? 4 : 2; }
};

inline const std::vector<std::string> kKinds = {"implicit", "fno", "fno++"};

// Real numbers in all; a complex weight counts twice.
//   inputs w + w + 4 w^2 m^2 (1 + 3 depth) + 3 (w^2 + w)(1 + 3 depth) + 4 w^2 + 8 w + 1
std::int64_t parameter_count(const ModelOptions& options);

}  // namespace fathom::pde
