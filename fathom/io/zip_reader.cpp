#include "fathom/io/zip_reader.h"

#include <map>
#include <vector>

#include <zip.h>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"

namespace fathom::io {

namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

struct ZipReader::Archive {
  std::unique_ptr<zip_t, Discard> zip;
  std::map<std::string, std::uint64_t, std::less<>> names;
};

ZipReader::ZipReader(std::string_view bytes, std::string_view place, std::string_view origin, std::uint64_t limit)
    : place_(place), origin_(origin), limit_(limit), left_(limit), archive_(std::make_unique<Archive>()) {
  if (bytes.empty()) base::fail(place_, "{}: not a sound zip archive: no bytes at all", origin_);  // libzip takes it
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) base::fail(place_, "{}: {}", origin_, text_of(error));
  archive_->zip.reset(zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
  if (!archive_->zip) {
    zip_source_free(source);
    base::fail(place_, "{}: not a sound zip archive: {}", origin_, text_of(error));
  }
  for (std::uint64_t i = 0; i < size(); ++i) {
    if (!archive_->names.emplace(name(i), i).second) refuse(name(i), "appears twice");
  }
}

ZipReader::~ZipReader() = default;

std::uint64_t ZipReader::size() const {
  return static_cast<std::uint64_t>(zip_get_num_entries(archive_->zip.get(), 0));
}

std::string ZipReader::name(std::uint64_t member) const {
  const char* const given = zip_get_name(archive_->zip.get(), member, ZIP_FL_ENC_GUESS);
  return given != nullptr ? given : "";
}

std::int64_t ZipReader::find(std::string_view name) const {
  const auto at = archive_->names.find(name);
  return at == archive_->names.end() ? -1 : static_cast<std::int64_t>(at->second);
}

std::string ZipReader::unpack(std::uint64_t member) {
  const std::unique_ptr<zip_file_t, Discard> file(zip_fopen_index(archive_->zip.get(), member, 0));
  if (!file) refuse(name(member), fmt::format("cannot be opened: {}", zip_strerror(archive_->zip.get())));
  std::string bytes;
  std::vector<char> block(1 << 16);
  zip_int64_t got = 0;
  while ((got = zip_fread(file.get(), block.data(), block.size())) > 0) {
    const auto size = static_cast<std::size_t>(got);
    if (size > left_) refuse(name(member), fmt::format("unpacks beyond the limit of {} bytes", limit_));
    left_ -= size;
    bytes.append(block.data(), size);
  }
  if (got < 0) refuse(name(member), fmt::format("is damaged: {}", zip_file_strerror(file.get())));
  return bytes;
}

void ZipReader::refuse(const std::string& name, std::string_view cause) const {
  base::fail(place_, "{}: member '{}' {}", origin_, excerpt(name), cause);
}

}  // namespace fathom::io
