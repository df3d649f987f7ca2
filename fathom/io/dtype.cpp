#include "fathom/io/dtype.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fathom::io {
namespace {

// A 16-bit float: one sign bit, then the exponent, then `mantissa` bits.
struct Layout {
  int mantissa;
  int bias() const { return (1 << (14 - mantissa)) - 1; }
  int lowest_exponent() const { return 1 - bias(); }
  std::uint16_t infinity() const { return static_cast<std::uint16_t>(0x8000 - (1 << mantissa)); }
};
constexpr Layout kF16{10};
constexpr Layout kBf16{7};

double decode(std::uint16_t code, Layout layout) {
  const int magnitude = code & 0x7fff;
  const int fraction = magnitude & ((1 << layout.mantissa) - 1);
  const int exponent = magnitude >> layout.mantissa;
  double value = 0;
  if (magnitude > layout.infinity()) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (magnitude == layout.infinity()) {
    value = std::numeric_limits<double>::infinity();
  } else {
    const int significand = exponent == 0 ? fraction : fraction + (1 << layout.mantissa);
    value = std::ldexp(significand, std::max(exponent, 1) - layout.bias() - layout.mantissa);
  }
  return (code & 0x8000) != 0 ? -value : value;
}

std::uint16_t encode(double value, Layout layout) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return sign | layout.infinity() | static_cast<std::uint16_t>(1 << (layout.mantissa - 1));
  if (std::isinf(value)) return sign | layout.infinity();
  const int exponent = value == 0 ? layout.lowest_exponent() : std::max(std::ilogb(value), layout.lowest_exponent());
  if (exponent > layout.bias()) return sign | layout.infinity();
  // The significand as an integer. When rounding carries it to the next power of two, the sum below carries too, into
  // the exponent: subnormal to normal, and the largest finite number to infinity.
  const double significand = std::nearbyint(std::ldexp(std::fabs(value), layout.mantissa - exponent));
  const int magnitude = ((exponent - layout.lowest_exponent()) << layout.mantissa) + static_cast<int>(significand);
  return sign | static_cast<std::uint16_t>(magnitude);
}

}  // namespace

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f64:
    case DType::i64:
      return 8;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f16:
    case DType::bf16:
    case DType::i16:
      return 2;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 0;
}

bool is_float(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

std::string_view name_of(DType dtype) {
  constexpr std::string_view kNames[] = {"f64", "f32", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool"};
  return kNames[static_cast<std::size_t>(dtype)];
}

std::optional<std::uint64_t> byte_count(const std::vector<std::int64_t>& shape, DType dtype) {
  constexpr std::uint64_t kLimit = std::numeric_limits<std::int64_t>::max();
  std::uint64_t bytes = size_of(dtype);
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (factor != 0 && bytes > kLimit / factor) return std::nullopt;
    bytes *= factor;
  }
  return bytes;
}

double decode_f16(std::uint16_t code) { return decode(code, kF16); }
double decode_bf16(std::uint16_t code) { return decode(code, kBf16); }
std::uint16_t encode_f16(double value) { return encode(value, kF16); }
std::uint16_t encode_bf16(double value) { return encode(value, kBf16); }

}  // namespace fathom::io
