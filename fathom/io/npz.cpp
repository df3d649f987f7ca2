#include "fathom/io/npz.h"

#include <memory>
#include <set>

#include <zip.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/npy.h"
#include "fathom/io/zip_reader.h"

namespace fathom::io {
namespace {

constexpr std::string_view kParse = "io::parse_npz";
constexpr std::string_view kWrite = "io::write_npz";
constexpr std::string_view kSuffix = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

TensorRecord tensor_of(ZipReader& archive, std::uint64_t member, std::string_view origin) {
  const std::string name = archive.name(member);
  if (!name.ends_with(kSuffix) || name == kSuffix) archive.refuse(name, "is no NAME.npy");
  TensorRecord tensor = parse_npy(archive.unpack(member), fmt::format("{}({})", origin, excerpt(name)));
  tensor.name = name.substr(0, name.size() - kSuffix.size());
  return tensor;
}

// The .npy bytes of every tensor; they must outlive the writing of the archive.
std::vector<std::string> members_of(const std::vector<TensorRecord>& tensors) {
  std::set<std::string_view> names;
  std::vector<std::string> members;
  for (const TensorRecord& tensor : tensors) {
    if (tensor.name.empty()) base::fail(kWrite, "a tensor without a name");
    if (!names.insert(tensor.name).second) base::fail(kWrite, "tensor name '{}' is taken twice", tensor.name);
    members.push_back(to_npy(tensor));
  }
  return members;
}

void add_member(zip_t* archive, const std::string& name, const std::string& bytes) {
  zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
  const zip_int64_t index = zip_file_add(archive, (name + std::string(kSuffix)).c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    base::fail(kWrite, "cannot add '{}': {}", excerpt(name), zip_strerror(archive));
  }
  constexpr zip_uint16_t kMidnight = 0, kFirstDay = 1 << 5 | 1;  // 1980-01-01, the earliest that zip knows
  zip_file_set_dostime(archive, static_cast<zip_uint64_t>(index), kMidnight, kFirstDay, 0);
}

// A zip archive without members is no file at all for libzip; this is its end record.
std::string empty_archive() { return std::string("PK\x05\x06", 4) + std::string(18, '\0'); }

void write_archive(const std::filesystem::path& path, const std::vector<TensorRecord>& tensors,
                   const std::vector<std::string>& members) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!archive) base::fail(kWrite, "cannot open {}: libzip error {}", path.string(), code);
  for (std::size_t i = 0; i < tensors.size(); ++i) add_member(archive.get(), tensors[i].name, members[i]);
  if (zip_close(archive.get()) != 0) {
    base::fail(kWrite, "cannot write {}: {}", path.string(), zip_strerror(archive.get()));
  }
  static_cast<void>(archive.release());  // zip_close has freed it
}

}  // namespace

std::vector<TensorRecord> parse_npz(std::string_view bytes, std::string_view origin, std::uint64_t limit) {
  ZipReader archive(bytes, kParse, origin, limit);
  std::vector<TensorRecord> tensors;
  for (std::uint64_t i = 0; i < archive.size(); ++i) tensors.push_back(tensor_of(archive, i, origin));
  return tensors;
}

std::vector<TensorRecord> read_npz(const std::filesystem::path& path, std::uint64_t limit) {
  return parse_npz(base::read_file(path), path.string(), limit);
}

void write_npz(const std::filesystem::path& path, const std::vector<TensorRecord>& tensors) {
  if (tensors.empty()) return base::write_atomically(path, empty_archive());
  const std::vector<std::string> members = members_of(tensors);
  base::write_atomically(path,
                         [&](const std::filesystem::path& temporary) { write_archive(temporary, tensors, members); });
}

}  // namespace fathom::io
