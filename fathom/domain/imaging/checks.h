// The claims of the study, each with its number.
#pragma once

#include "fathom/base/record.h"

namespace fathom::imaging {

// Of each implicit model: its PSNR above that of the explicit DRUNet by 1 dB and above 25.5 dB; its PSNR at the
// training depth above that at t = 1, and at four times the depth within 0.1 dB of the curve's best; its largest
// Lipschitz constant above that at t = 1, and still over the last half of the iterations. statistics["training depth"]
// is K, and statistics["memory growth <model>"] an update's memory at 4 K over that at 1.
void append_checks(base::StudyRecord& record);

}  // namespace fathom::imaging
