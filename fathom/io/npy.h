// NumPy .npy files (format versions 1, 2 and 3 read, 1 written): a magic number, a header that is a Python dictionary
//   {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }
// and the elements. Types: <f8 <f4 <f2 <i8 <i4 <i2 |i1 |u1 |b1. Fortran order is read into row-major.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "fathom/io/tensor_record.h"

namespace fathom::io {

// Throws Error with `origin` and the cause for anything but one whole file: big-endian or other types, a header with a
// missing, repeated or unknown key, a length other than the shape's. Checked before the elements are copied.
// The record's name is empty.
TensorRecord parse_npy(std::string_view bytes, std::string_view origin);
TensorRecord read_npy(const std::filesystem::path& path);

// Throws Error for bf16, which NumPy has not.
std::string to_npy(const TensorRecord& tensor);
void write_npy(const std::filesystem::path& path, const TensorRecord& tensor);  // atomic

}  // namespace fathom::io
