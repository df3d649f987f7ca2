// The size of a DRUNet (drunet.h). Plain values, no torch.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/base/fields.h"

namespace fathom::nn {

struct DrunetOptions {
  std::int64_t channels = 3;                               // C of the images
  std::vector<std::int64_t> widths = {64, 128, 256, 512};  // channels of the four scales, finest first
  std::int64_t blocks = 4;                                 // residual blocks at each place

  bool operator==(const DrunetOptions&) const = default;
  void fields(base::Fields& f) {
    f.add("channels", channels, {.at_least = 1, .at_most = 16}, "of the images: 3 for colour");
    f.add("widths", widths, {.at_least = 1, .at_most = 4096}, "channels of the denoiser's four scales, finest first");
    f.add("blocks", blocks, {.at_least = 1, .at_most = 64}, "residual blocks at each place of the denoiser");
  }
};

std::int64_t parameter_count(const DrunetOptions& options);

}  // namespace fathom::nn
