// Prefix parity [Schwarzschild2021] arXiv:2106.04537: bits x_1..x_L -> y_j = (x_1 + ... + x_j) mod 2.
// The last answer depends on every bit, so that a local rule needs time in proportion to L.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/domain/puzzle/instances.h"

namespace fathom::puzzle {

std::vector<std::uint8_t> prefix_parity(const std::vector<std::uint8_t>& bits);

// Uniform bits; instance i depends on (seed, i) and the length alone. Errors (fathom::Error): length < 1.
Instances parity(std::int64_t count, std::int64_t length, std::uint64_t seed);

// "0110" -> one instance. Errors: no bit, or another letter than 0 and 1 (spaces are skipped).
Instances parity_of_text(std::string_view text);

}  // namespace fathom::puzzle
