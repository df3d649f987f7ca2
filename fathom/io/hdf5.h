// HDF5 files: the floating datasets of the root group as named tensors. The library is the HDF Group's, serial.
//
// Read     float32 and float64 of either byte order, contiguous, compact or chunked (deflate and shuffle filters), with
//          any attributes, which are ignored. Only hard links: no other file is opened on behalf of the one that is
//          read, and no filter plugin is loaded.
// Apart    the library reads beyond its buffers when a file is damaged in the right place (fuzz/hdf5_fuzz.cpp finds
//          such files), so it reads in a process of its own (own_process.h): what breaks off there is an Error here.
// Memory   for a moment about four times the tensors.
// Written  contiguous, little-endian, without times: the same tensors give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/tensor_record.h"

namespace fathom::io {

inline constexpr std::uint64_t kHdf5Limit = std::uint64_t{1} << 34;

// The datasets of these names, each named once, in their order; of no names: all of the root group, by name. Throws
// Error with the file, the dataset and the cause: no HDF5 file, no dataset of that name (the nearest is said), another
// type than float32 or float64, a link, data in other files, a chunk or all tensors together of more than `limit` bytes
// (checked before they are read).
std::vector<TensorRecord> read_hdf5(const std::filesystem::path& path, const std::vector<std::string>& names = {},
                                    std::uint64_t limit = kHdf5Limit);
// The same of a file in memory; `origin` says what it is.
std::vector<TensorRecord> parse_hdf5(std::string_view bytes, std::string_view origin,
                                     const std::vector<std::string>& names = {}, std::uint64_t limit = kHdf5Limit);

// The names of the root group's datasets, whatever their type, sorted.
std::vector<std::string> hdf5_names(const std::filesystem::path& path);

// Throws Error for an empty or repeated name, one with '/' or that is '.', and for other types than float32 and
// float64.
void write_hdf5(const std::filesystem::path& path, const std::vector<TensorRecord>& tensors);  // atomic

}  // namespace fathom::io
