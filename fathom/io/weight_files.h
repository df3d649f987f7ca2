// The weights of a model as they lie on the disk: one safetensors file, or several with an index, mapped into memory.
// Opening reads the headers alone; a tensor's pages are read when they are touched and go back with release(), so that
// a model of any size is converted tensor by tensor in the memory of what it becomes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/io/dtype.h"
#include "fathom/io/mapped_file.h"

namespace fathom::io {

// One tensor; row-major bytes, little-endian, perhaps not aligned to its element. Valid while its WeightFiles lives.
struct WeightView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
  const MappedFile* file = nullptr;

  std::int64_t elements() const { return static_cast<std::int64_t>(bytes.size() / size_of(dtype)); }
};

class WeightFiles {
 public:
  // `path` is a folder (with model.safetensors.index.json or model.safetensors), an index or a safetensors file.
  // Throws Error when there is none of them; for a file of the index that is absent, truncated or malformed; a tensor
  // that the index names and its file lacks, that a file holds and the index does not, or that two files hold; a
  // total_size that is not the sum. Cost: reads the headers.
  static WeightFiles open(const std::filesystem::path& path);

  const std::vector<WeightView>& tensors() const { return tensors_; }  // by name
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  std::uint64_t total_bytes() const;

  const WeightView* find(std::string_view name) const;  // nullptr when absent
  const WeightView& at(std::string_view name) const;    // throws Error that names the nearest

 private:
  void add_file(const std::filesystem::path& path);
  void add_indexed(const std::filesystem::path& index);

  std::vector<std::unique_ptr<MappedFile>> files_;
  std::vector<WeightView> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Gives the pages of a tensor back, or of a part of its bytes.
void release(const WeightView& tensor);
void release(const WeightView& tensor, std::string_view part);

// Whether two tensors have the same type, shape and bytes; for finding tied weights that are stored twice.
// `likely_same` compares 64 blocks of 4 KiB spread evenly, from the first to the last; `same` all. Both give the pages
// back.
bool likely_same(const WeightView& a, const WeightView& b);
bool same(const WeightView& a, const WeightView& b);

}  // namespace fathom::io
