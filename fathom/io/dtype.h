// The element types of the tensor files (safetensors, npy): names, sizes, and the two 16-bit float formats.
// Every format here is little-endian, and so is every machine this code is for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fathom::io {

static_assert(std::endian::native == std::endian::little, "tensor bytes are copied as they lie in memory");

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

std::size_t size_of(DType dtype);  // bytes of one element
bool is_float(DType dtype);
std::string_view name_of(DType dtype);  // "f64", ..., "bool"

// product(shape) * size_of(dtype), or nothing when a dimension is negative or the product leaves int64.
// A shape of rank 0 has one element.
std::optional<std::uint64_t> byte_count(const std::vector<std::int64_t>& shape, DType dtype);

// IEEE binary16 (1+5+10 bits) and bfloat16 (1+8+7 bits). Decoding is exact; encoding rounds the double once, to nearest
// with ties to even; what is too large becomes infinity, NaN stays a (quiet) NaN.
double decode_f16(std::uint16_t code);
double decode_bf16(std::uint16_t code);
std::uint16_t encode_f16(double value);
std::uint16_t encode_bf16(double value);

}  // namespace fathom::io
