// Seeds: one master seed gives independent streams by name and index, so that adding a draw in one place changes no
// other.
#pragma once

#include <cstdint>
#include <string_view>

namespace fathom::base {

// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): a 64-bit mixing step.
std::uint64_t mix(std::uint64_t value);

// The seed of the stream `name` number `index` under `master`. Stable across platforms and versions.
std::uint64_t stream_seed(std::uint64_t master, std::string_view name, std::uint64_t index = 0);

// A small counter-based generator with the same numbers on every platform (std:: distributions differ between
// libraries).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits();                      // 64 uniform bits
  double uniform();                          // [0, 1), 53 bits
  double uniform(double low, double high);   // [low, high)
  double normal();                           // N(0, 1), Box-Muller
  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound), without modulo bias; bound >= 1

 private:
  std::uint64_t state_;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace fathom::base
