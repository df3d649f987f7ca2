// NumPy .npz files: a zip archive with one NAME.npy per tensor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/tensor_record.h"

namespace fathom::io {

inline constexpr std::uint64_t kNpzLimit = std::uint64_t{1} << 32;

// The tensors in the archive's order, named without ".npy". Throws Error with `origin`, member and cause: no zip
// archive, an encrypted, repeated or damaged member, one that is no .npy, or members of more than `limit` bytes in all
// when unpacked (counted while unpacking: what the archive claims is not believed).
std::vector<TensorRecord> parse_npz(std::string_view bytes, std::string_view origin, std::uint64_t limit = kNpzLimit);
std::vector<TensorRecord> read_npz(const std::filesystem::path& path, std::uint64_t limit = kNpzLimit);

// Deflated, without times: the same tensors give the same bytes. Throws Error for an empty or repeated name, and bf16.
void write_npz(const std::filesystem::path& path, const std::vector<TensorRecord>& tensors);  // atomic

}  // namespace fathom::io
