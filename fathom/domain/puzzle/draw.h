// Fresh puzzles of any kind.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/domain/puzzle/instances.h"

namespace fathom::puzzle {

// `size`: bits of a string, or cells of a maze's side. Instance i depends on (seed, i), task and size alone.
// Errors (fathom::Error): an unknown task, a size that it does not have.
Instances draw(const std::string& task, std::int64_t count, std::int64_t size, std::uint64_t seed);

}  // namespace fathom::puzzle
