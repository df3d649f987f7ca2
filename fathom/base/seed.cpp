#include "fathom/base/seed.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fathom::base {

std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

std::uint64_t stream_seed(std::uint64_t master, std::string_view name, std::uint64_t index) {
  std::uint64_t seed = mix(master);
  for (const char c : name) seed = mix(seed ^ static_cast<unsigned char>(c));
  return mix(seed ^ index);
}

std::uint64_t Random::bits() {
  const std::uint64_t value = mix(state_);
  state_ += 0x9e3779b97f4a7c15ULL;
  return value;
}

double Random::uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

double Random::uniform(double low, double high) {
  return std::min(low + (high - low) * uniform(), std::nextafter(high, low));  // the sum may be rounded up to high
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log1p(-uniform()));  // 1 - uniform() is in (0, 1]
  const double angle = 2 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
  for (;;) {
    const std::uint64_t value = bits();
    if (value < limit) return value % bound;
  }
}

}  // namespace fathom::base
