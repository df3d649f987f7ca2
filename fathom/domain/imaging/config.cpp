#include "fathom/domain/imaging/config.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::imaging {

void Config::check() const {
  if (data.crop % 8 != 0) {
    throw UsageError(fmt::format(
        "[options] data.crop = {} violates a multiple of 8; the denoiser halves it three times", data.crop));
  }
  if (data.test_crop != 0 && (data.test_crop % 8 != 0 || data.test_crop < 32)) {
    throw UsageError(fmt::format(
        "[options] data.test_crop = {} violates 0, or a multiple of 8 from 32 on; the denoiser halves it three times",
        data.test_crop));
  }
  const std::int64_t largest = data.test_file.empty() ? std::max(data.crop, data.test_crop) : data.crop;
  if (data.folder.empty() && data.side < largest) {
    throw UsageError(fmt::format("[options] data.side = {} violates >= {}, the largest crop; draw larger photos",
                                 data.side, largest));
  }
  if (network.channels != 3) {
    throw UsageError(
        fmt::format("[options] network.channels = {} violates == 3; the study is on colour photos", network.channels));
  }
  if (network.widths.size() != 4) {
    throw UsageError(fmt::format("[options] network.widths = [{}] violates four numbers; one for each scale",
                                 fmt::join(network.widths, ", ")));
  }
  const std::vector<std::int64_t>& t = study.pictured;
  if (std::any_of(t.begin(), t.end(), [&](std::int64_t at) { return at > study.iterations; })) {
    throw UsageError(fmt::format("[options] study.pictured = [{}] violates <= study.iterations = {}; picture earlier t",
                                 fmt::join(t, ", "), study.iterations));
  }
  if (study.frequencies.empty())
    throw UsageError("[options] study.frequencies = [] violates one frequency or more; name one");
}

}  // namespace fathom::imaging
