#include "fathom/io/tensor_record.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::io {
namespace {

// Distinct types for what shares a C++ type with something else.
struct F16 {
  std::uint16_t code;
};
struct Bf16 {
  std::uint16_t code;
};
struct Boolean {
  std::uint8_t code;
};

// Calls visit(T{}) with the type of one element.
template <class Visit>
auto with_type(DType dtype, Visit visit) {
  switch (dtype) {
    case DType::f64:
      return visit(double{});
    case DType::f32:
      return visit(float{});
    case DType::f16:
      return visit(F16{});
    case DType::bf16:
      return visit(Bf16{});
    case DType::i64:
      return visit(std::int64_t{});
    case DType::i32:
      return visit(std::int32_t{});
    case DType::i16:
      return visit(std::int16_t{});
    case DType::i8:
      return visit(std::int8_t{});
    case DType::u8:
      return visit(std::uint8_t{});
    case DType::boolean:
      break;
  }
  return visit(Boolean{});
}

double widen(F16 value) { return decode_f16(value.code); }
double widen(Bf16 value) { return decode_bf16(value.code); }
double widen(Boolean value) { return value.code != 0 ? 1 : 0; }
template <class T>
double widen(T value) {
  return static_cast<double>(value);
}

void narrow(double value, F16& out) { out.code = encode_f16(value); }
void narrow(double value, Bf16& out) { out.code = encode_bf16(value); }
void narrow(double value, double& out) { out = value; }
void narrow(double value, float& out) { out = static_cast<float>(value); }
void narrow(double value, Boolean& out) {
  if (value != 0 && value != 1) base::fail("io::from_doubles", "value = {} is not a bool; give 0 or 1", value);
  out.code = value != 0;
}
template <class T>
void narrow(double value, T& out) {
  // The upper end as the power of two above max(): max() of int64 itself is not a double.
  constexpr T kHalf = std::numeric_limits<T>::max() / 2 + 1;
  constexpr double kEnd = 2.0 * kHalf;
  const bool fits = value >= static_cast<double>(std::numeric_limits<T>::min()) && value < kEnd;
  if (!fits || value != std::trunc(value)) {
    base::fail("io::from_doubles", "value = {} is no integer of {} bytes; choose a wider dtype", value, sizeof(T));
  }
  out = static_cast<T>(value);
}

template <class T>
T element(const TensorRecord& tensor, std::int64_t i) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

TensorRecord allocate(std::string name, std::vector<std::int64_t> shape, DType dtype, std::size_t count) {
  TensorRecord tensor{std::move(name), dtype, std::move(shape), {}};
  const auto bytes = byte_count(tensor.shape, dtype);
  if (!bytes || *bytes != count * size_of(dtype)) {
    base::fail("io::from_doubles", "shape = {} of '{}' violates product = {} values; make them agree",
               shape_text(tensor.shape), tensor.name, count);
  }
  tensor.bytes.resize(*bytes);
  return tensor;
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("{}", shape); }

std::int64_t element_count(const TensorRecord& tensor) {
  const auto bytes = byte_count(tensor.shape, tensor.dtype);
  if (!bytes || *bytes != tensor.bytes.size()) {
    base::fail("io::element_count", "'{}' of shape {} and type {} holds {} bytes; that is not what they need",
               tensor.name, shape_text(tensor.shape), name_of(tensor.dtype), tensor.bytes.size());
  }
  return static_cast<std::int64_t>(*bytes / size_of(tensor.dtype));
}

std::vector<double> to_doubles(const TensorRecord& tensor) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  std::vector<double> values(static_cast<std::size_t>(element_count(tensor)));
  with_type(tensor.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const T value = element<T>(tensor, static_cast<std::int64_t>(i));
      if constexpr (std::is_same_v<T, std::int64_t>) {
        if (value > kExact || value < -kExact) {
          base::fail("io::to_doubles", "'{}'[{}] = {} is beyond 2^53; use to_int64s", tensor.name, i, value);
        }
      }
      values[i] = widen(value);
    }
  });
  return values;
}

std::vector<std::int64_t> to_int64s(const TensorRecord& tensor) {
  if (is_float(tensor.dtype)) {
    base::fail("io::to_int64s", "'{}' has type {}, not an integer; use to_doubles", tensor.name, name_of(tensor.dtype));
  }
  std::vector<std::int64_t> values(static_cast<std::size_t>(element_count(tensor)));
  with_type(tensor.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const T value = element<T>(tensor, static_cast<std::int64_t>(i));
      if constexpr (std::is_integral_v<T>)
        values[i] = value;  // NOLINT(bugprone-signed-char-misuse): i8 is a number
      else
        values[i] = static_cast<std::int64_t>(widen(value));
    }
  });
  return values;
}

TensorRecord from_doubles(std::string name, std::vector<std::int64_t> shape, const std::vector<double>& values,
                          DType dtype) {
  TensorRecord tensor = allocate(std::move(name), std::move(shape), dtype, values.size());
  with_type(dtype, [&](auto out) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      narrow(values[i], out);
      std::memcpy(tensor.bytes.data() + i * sizeof out, &out, sizeof out);
    }
  });
  return tensor;
}

TensorRecord from_int64s(std::string name, std::vector<std::int64_t> shape, const std::vector<std::int64_t>& values) {
  TensorRecord tensor = allocate(std::move(name), std::move(shape), DType::i64, values.size());
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

}  // namespace fathom::io
