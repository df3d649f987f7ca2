#include "fathom/io/weight_files.h"

#include <algorithm>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/safetensors_header.h"
#include "fathom/io/safetensors_index.h"

namespace fathom::io {
namespace {

namespace fs = std::filesystem;
constexpr const char* kPlace = "io::WeightFiles::open";
constexpr std::string_view kIndexName = "model.safetensors.index.json";
constexpr std::string_view kFileName = "model.safetensors";
constexpr std::uintmax_t kIndexLimit = std::uintmax_t{1} << 27;
constexpr std::size_t kBlock = std::size_t{1} << 22;

// The index or the file that a folder stands for.
fs::path in_folder(const fs::path& folder) {
  for (const std::string_view name : {kIndexName, kFileName}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  base::fail(kPlace, "{} holds neither {} nor {}; name the folder of a model", folder.string(), kIndexName, kFileName);
}

bool alike(const WeightView& a, const WeightView& b) { return a.dtype == b.dtype && a.shape == b.shape; }

// A tensor that was found in `file` is one that the index has there.
void check_place(const SafetensorsIndex& index, const std::string& tensor, const std::string& file,
                 const std::string& origin) {
  const auto found = index.file_of.find(tensor);
  if (found == index.file_of.end()) {
    base::fail(kPlace, "{}: tensor '{}' of {} is not in the index", origin, excerpt(tensor), file);
  }
  if (found->second != file) {
    base::fail(kPlace, "{}: tensor '{}' is in {}, the index has it in {}", origin, excerpt(tensor), file,
               found->second);
  }
}

void check_complete(const SafetensorsIndex& index, const WeightFiles& files, const std::string& origin) {
  for (const auto& [tensor, file] : index.file_of) {
    if (!files.find(tensor)) base::fail(kPlace, "{}: tensor '{}' is not in {}", origin, excerpt(tensor), file);
  }
  if (index.total_bytes.value_or(files.total_bytes()) != files.total_bytes()) {
    base::fail(kPlace, "{}: total_size = {} violates = {}, the sum of the tensors; the files belong to another index",
               origin, *index.total_bytes, files.total_bytes());
  }
}

bool by_name(const WeightView& a, const WeightView& b) { return a.name < b.name; }

// Both blocks are equal; their pages go back.
bool same_block(const WeightView& a, const WeightView& b, std::size_t begin, std::size_t bytes) {
  const std::string_view left = a.bytes.substr(begin, bytes), right = b.bytes.substr(begin, bytes);
  const bool equal = left == right;
  release(a, left);
  release(b, right);
  return equal;
}

}  // namespace

void WeightFiles::add_file(const fs::path& path) {
  files_.push_back(std::make_unique<MappedFile>(path));
  const MappedFile& file = *files_.back();
  SafetensorsHeader header = parse_safetensors_header(file.bytes(), path.string());
  const std::string_view data = file.bytes().substr(header.data_begin);
  for (TensorEntry& entry : header.tensors) {
    tensors_.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape),
                        data.substr(entry.begin, entry.end - entry.begin), &file});
  }
  metadata_.merge(header.metadata);
}

void WeightFiles::add_indexed(const fs::path& path) {
  const std::string origin = path.string();
  const SafetensorsIndex index = parse_safetensors_index(base::read_file(path, kIndexLimit), origin);
  for (const std::string& file : index.files()) {
    const std::size_t before = tensors_.size();
    const fs::path shard = path.parent_path() / file;
    if (!fs::exists(shard)) base::fail(kPlace, "{}: file {} is not there; download it", origin, file);
    add_file(shard);
    for (std::size_t t = before; t < tensors_.size(); ++t) check_place(index, tensors_[t].name, file, origin);
  }
  std::sort(tensors_.begin(), tensors_.end(), by_name);
  check_complete(index, *this, origin);
}

WeightFiles WeightFiles::open(const fs::path& path) {
  const fs::path file = fs::is_directory(path) ? in_folder(path) : path;
  WeightFiles files;
  if (file.extension() == ".json") {
    files.add_indexed(file);
  } else {
    files.add_file(file);
    std::sort(files.tensors_.begin(), files.tensors_.end(), by_name);
  }
  return files;
}

std::uint64_t WeightFiles::total_bytes() const {
  std::uint64_t sum = 0;
  for (const WeightView& tensor : tensors_) sum += tensor.bytes.size();
  return sum;
}

const WeightView* WeightFiles::find(std::string_view name) const {
  const auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const WeightView& tensor, std::string_view text) { return tensor.name < text; });
  return found == tensors_.end() || found->name != name ? nullptr : &*found;
}

const WeightView& WeightFiles::at(std::string_view name) const {
  if (const WeightView* found = find(name)) return *found;
  std::vector<std::string> names;
  for (const WeightView& tensor : tensors_) names.push_back(tensor.name);
  const std::string near = base::nearest(name, names);
  base::fail("io::WeightFiles::at", "no tensor '{}' among {}{}", name, names.size(),
             near.empty() ? "; list the names" : fmt::format("; did you mean '{}'?", near));
}

void release(const WeightView& tensor) { tensor.file->release(tensor.bytes); }

void release(const WeightView& tensor, std::string_view part) { tensor.file->release(part); }

bool likely_same(const WeightView& a, const WeightView& b) {
  constexpr std::size_t kSamples = 64, kSample = 4096;
  if (!alike(a, b)) return false;
  if (a.bytes.size() <= kSamples * kSample) return same(a, b);
  const std::size_t last = a.bytes.size() - kSample;
  for (std::size_t i = 0; i < kSamples; ++i) {
    if (!same_block(a, b, last / (kSamples - 1) * i, kSample)) return false;
  }
  return same_block(a, b, last, kSample);
}

bool same(const WeightView& a, const WeightView& b) {
  if (!alike(a, b)) return false;
  for (std::size_t begin = 0; begin < a.bytes.size(); begin += kBlock) {
    if (!same_block(a, b, begin, kBlock)) return false;
  }
  return true;
}

}  // namespace fathom::io
