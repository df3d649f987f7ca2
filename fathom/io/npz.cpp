#include "fathom/io/npz.h"

#include <memory>
#include <set>

#include <zip.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/npy.h"

namespace fathom::io {
namespace {

constexpr std::string_view kParse = "io::parse_npz";
constexpr std::string_view kWrite = "io::write_npz";
constexpr std::string_view kSuffix = ".npy";

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Member = std::unique_ptr<zip_file_t, Discard>;

std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

Archive open_bytes(std::string_view bytes, std::string_view origin) {
  if (bytes.empty()) base::fail(kParse, "{}: not a sound zip archive: no bytes at all", origin);  // libzip takes it
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) base::fail(kParse, "{}: {}", origin, text_of(error));
  Archive archive(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (!archive) {
    zip_source_free(source);
    base::fail(kParse, "{}: not a sound zip archive: {}", origin, text_of(error));
  }
  return archive;
}

// Unpacks members until their bytes exceed the limit.
class Unpacker {
 public:
  Unpacker(zip_t* archive, std::string_view origin, std::uint64_t limit)
      : archive_(archive), origin_(origin), limit_(limit), left_(limit) {}

  TensorRecord member(zip_uint64_t index) {
    const char* const given = zip_get_name(archive_, index, ZIP_FL_ENC_GUESS);
    const std::string name = given != nullptr ? given : "";
    if (!name.ends_with(kSuffix) || name == kSuffix) refuse(name, "is no NAME.npy");
    if (!names_.insert(name).second) refuse(name, "appears twice");
    TensorRecord tensor = parse_npy(unpack(index, name), fmt::format("{}({})", origin_, excerpt(name)));
    tensor.name = name.substr(0, name.size() - kSuffix.size());
    return tensor;
  }

 private:
  [[noreturn]] void refuse(const std::string& name, std::string_view cause) const {
    base::fail(kParse, "{}: member '{}' {}", origin_, excerpt(name), cause);
  }

  std::string unpack(zip_uint64_t index, const std::string& name) {
    const Member member(zip_fopen_index(archive_, index, 0));
    if (!member) refuse(name, fmt::format("cannot be opened: {}", zip_strerror(archive_)));
    std::string bytes;
    std::vector<char> block(1 << 16);
    zip_int64_t got = 0;
    while ((got = zip_fread(member.get(), block.data(), block.size())) > 0) {
      const auto size = static_cast<std::size_t>(got);
      if (size > left_) refuse(name, fmt::format("unpacks beyond the limit of {} bytes", limit_));
      left_ -= size;
      bytes.append(block.data(), size);
    }
    if (got < 0) refuse(name, fmt::format("is damaged: {}", zip_file_strerror(member.get())));
    return bytes;
  }

  zip_t* archive_;
  std::string_view origin_;
  std::uint64_t limit_, left_;
  std::set<std::string> names_;
};

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
  const Archive archive = open_bytes(bytes, origin);
  Unpacker unpacker(archive.get(), origin, limit);
  std::vector<TensorRecord> tensors;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) tensors.push_back(unpacker.member(static_cast<zip_uint64_t>(i)));
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
