#include "fathom/io/weight_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "fathom/base/error.h"
#include "fathom/io/tensor_record.h"

namespace fathom::io {
namespace {

constexpr const char* kPlace = "io::read_rows";
constexpr std::size_t kChunk = 4096;  // elements that are converted at once, in the first-level cache

float float_of(float value) { return value; }
struct Bf16 {
  std::uint16_t bits;
};
float float_of(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16); }
struct F16 {
  std::uint16_t bits;
};
float float_of(F16 value) { return static_cast<float>(decode_f16(value.bits)); }

std::uint16_t bf16_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto rounded = static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  const auto quiet = static_cast<std::uint16_t>(bits >> 16 | 0x40);  // or a NaN would become infinity
  return std::isnan(value) ? quiet : rounded;
}

template <class T>
void widen(const char* from, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, from + i * sizeof(T), sizeof(T));
    out[i] = float_of(value);
  }
}

// out.size() elements of the tensor's type that lie at `from`.
void widen(DType dtype, const char* from, std::span<float> out) {
  if (dtype == DType::f32) return widen<float>(from, out);
  if (dtype == DType::bf16) return widen<Bf16>(from, out);
  widen<F16>(from, out);
}

// The bytes of the rows, once everything about them is known to be right.
std::string_view part_of(const WeightView& tensor, RowRange rows, std::size_t out) {
  if (tensor.dtype != DType::f32 && tensor.dtype != DType::bf16 && tensor.dtype != DType::f16) {
    base::fail(kPlace, "type of '{}' = {} violates f32, bf16 or f16; it holds no weights", tensor.name,
               name_of(tensor.dtype));
  }
  if (rows.first < 0 || rows.count < 0 || rows.count > row_count(tensor) - rows.first) {
    base::fail(kPlace, "rows {} .. {} of '{}' violate its {} rows", rows.first, rows.first + rows.count, tensor.name,
               row_count(tensor));
  }
  const auto length = static_cast<std::size_t>(row_length(tensor));
  const auto count = static_cast<std::size_t>(rows.count) * length;
  base::require(out == count, kPlace, "output size", out, fmt::format("= {}", count), "give room for the rows");
  const std::size_t size = size_of(tensor.dtype);
  return tensor.bytes.substr(static_cast<std::size_t>(rows.first) * length * size, count * size);
}

// Calls use(first element, floats) for chunks of at most kChunk elements of the part.
template <class Use>
void for_each_chunk(const WeightView& tensor, std::string_view part, const Use& use) {
  const std::size_t size = size_of(tensor.dtype), count = part.size() / size;
  float floats[kChunk];
  for (std::size_t at = 0; at < count; at += kChunk) {
    const std::span<float> chunk(floats, std::min(kChunk, count - at));
    widen(tensor.dtype, part.data() + at * size, chunk);
    use(at, chunk);
  }
  release(tensor, part);
}

// One group of a row.
float to_int8(std::span<const float> from, std::int8_t* to, const WeightView& tensor) {
  float largest = 0;
  bool finite = true;
  for (const float value : from) {
    largest = std::max(largest, std::abs(value));
    finite = finite && std::isfinite(value);
  }
  if (!finite) base::fail(kPlace, "'{}' holds a number that is not finite; int8 has none", tensor.name);
  const float scale = largest / 127;
  for (std::size_t k = 0; k < from.size(); ++k) {
    const float number = scale > 0 ? std::clamp(std::nearbyint(from[k] / scale), -127.0f, 127.0f) : 0;
    to[k] = static_cast<std::int8_t>(number);
  }
  return scale;
}

}  // namespace

std::int64_t row_count(const WeightView& tensor) { return tensor.shape.empty() ? 1 : tensor.shape.front(); }

std::int64_t row_length(const WeightView& tensor) {
  const std::int64_t rows = row_count(tensor);
  return rows == 0 ? 0 : tensor.elements() / rows;
}

void read_rows(const WeightView& tensor, RowRange rows, std::span<float> out) {
  const std::string_view part = part_of(tensor, rows, out.size());
  widen(tensor.dtype, part.data(), out);
  release(tensor, part);
}

void read_rows(const WeightView& tensor, RowRange rows, std::span<std::uint16_t> bf16) {
  const std::string_view part = part_of(tensor, rows, bf16.size());
  for_each_chunk(tensor, part, [&](std::size_t at, std::span<const float> floats) {
    std::transform(floats.begin(), floats.end(), bf16.begin() + static_cast<std::ptrdiff_t>(at), bf16_of);
  });
}

void read_rows(const WeightView& tensor, RowRange rows, std::int64_t group, const Int8Rows& out) {
  base::require(group >= 1, kPlace, "group", group, ">= 1", "128 is usual");
  const std::string_view part = part_of(tensor, rows, out.number.size());
  const auto length = static_cast<std::size_t>(row_length(tensor));
  const auto step = static_cast<std::size_t>(group), groups = (length + step - 1) / step;
  const auto scales = static_cast<std::size_t>(rows.count) * groups;
  base::require(out.scale.size() == scales, kPlace, "scales", out.scale.size(), fmt::format("= {}", scales),
                "one for each group of a row");
  const std::size_t size = size_of(tensor.dtype);
  std::vector<float> row(length);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows.count); ++r) {
    widen(tensor.dtype, part.data() + r * length * size, row);
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t begin = g * step, count = std::min(step, length - begin);
      out.scale[r * groups + g] =
          to_int8(std::span<const float>(row).subspan(begin, count), &out.number[r * length + begin], tensor);
    }
  }
  release(tensor, part);
}

void for_each_band(const WeightView& tensor, const std::function<void(RowRange)>& use, std::int64_t band_bytes) {
  const std::int64_t rows = row_count(tensor);
  const std::int64_t row_bytes = row_length(tensor) * static_cast<std::int64_t>(size_of(tensor.dtype));
  const std::int64_t band = std::max<std::int64_t>(1, band_bytes / std::max<std::int64_t>(1, row_bytes));
  for (std::int64_t first = 0; first < rows; first += band) use({first, std::min(band, rows - first)});
}

}  // namespace fathom::io
