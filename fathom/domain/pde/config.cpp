#include "fathom/domain/pde/config.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::pde {

void Config::check() const {
  const std::int64_t points = data.generate.grid + network.padding;
  if (data.file.empty() && 2 * network.modes > points) {
    throw UsageError(fmt::format(
        "[options] network.modes = {} violates <= {}, half of the grid's points and the padding; keep fewer modes",
        network.modes, points / 2));
  }
  if (train.learning_rates.empty()) {
    throw UsageError("[options] train.learning_rates = [] violates one step size or more; name one");
  }
  const std::vector<std::int64_t>& t = study.pictured;
  if (std::any_of(t.begin(), t.end(), [&](std::int64_t at) { return at > study.iterations; })) {
    throw UsageError(fmt::format("[options] study.pictured = [{}] violates <= study.iterations = {}; picture earlier t",
                                 fmt::join(t, ", "), study.iterations));
  }
  if (study.frequencies.empty()) {
    throw UsageError("[options] study.frequencies = [] violates one frequency or more; name one");
  }
}

}  // namespace fathom::pde
