#include "fathom/base/preset.h"

#include <string>

#include <fmt/format.h>

#include "fathom/base/error.h"

namespace fathom::base {

void refuse_preset(std::string_view name) {
  const std::string near = nearest(name, {"quick", "full", "paper"});
  throw UsageError(
      fmt::format("[options] preset = '{}' violates quick|full|paper; {}", name,
                  near.empty() ? std::string("choose one of these") : fmt::format("did you mean '{}'?", near)));
}

}  // namespace fathom::base
