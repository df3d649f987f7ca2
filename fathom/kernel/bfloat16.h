// A float of 16 bits: the upper half of a float32, so its range with 8 bits of precision (u = 2^-8).
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace fathom::kernel {

struct Bfloat16 {
  std::uint16_t bits = 0;

  Bfloat16() = default;
  // To the nearest, ties to even; NaN to a NaN.
  explicit Bfloat16(float x) {
    const auto wide = std::bit_cast<std::uint32_t>(x);
    bits = static_cast<std::uint16_t>(std::isnan(x) ? 0x7FC0 : (wide + 0x7FFF + ((wide >> 16) & 1)) >> 16);
  }
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
  bool operator==(const Bfloat16&) const = default;
};

}  // namespace fathom::kernel
