// A named tensor as it lies in a file: element type, shape, row-major bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/io/dtype.h"

namespace fathom::io {

struct TensorRecord {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::string bytes;  // product(shape) * size_of(dtype) of them, little-endian, last dimension fastest

  bool operator==(const TensorRecord&) const = default;
};

// Number of elements. Throws Error unless `bytes` has the length that shape and dtype say.
std::int64_t element_count(const TensorRecord& tensor);

// Every element widened to double: exact for all types but i64 beyond 2^53, which is refused. A bool gives 0 or 1.
std::vector<double> to_doubles(const TensorRecord& tensor);

// Every element of an integer or bool tensor; a float tensor is refused.
std::vector<std::int64_t> to_int64s(const TensorRecord& tensor);

// A tensor of the given type. Floats are rounded to nearest, ties to even; an integer or bool type refuses values that
// it cannot hold exactly. Throws Error when values.size() is not product(shape).
TensorRecord from_doubles(std::string name, std::vector<std::int64_t> shape, const std::vector<double>& values,
                          DType dtype = DType::f64);
TensorRecord from_int64s(std::string name, std::vector<std::int64_t> shape, const std::vector<std::int64_t>& values);

// "[2, 3]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace fathom::io
