#include "fathom/io/jpeg.h"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <jpeglib.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/exif_orientation.h"

namespace fathom::io {

namespace {

constexpr int kExifMarker = JPEG_APP0 + 1, kWholeSegment = 0xFFFF;
constexpr int kFullChromaQuality = 90;
constexpr int kMostScans = 500;  // of a progressive file: more is an attack on the reader's time

// libjpeg reports an error by a call that must not return: longjmp, over functions of plain calls alone.
struct Failure {
  jpeg_error_mgr manager;  // first: libjpeg knows this part
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void fail_back(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  failure->manager.format_message(info, failure->message);
  std::longjmp(failure->back, 1);
}

// Warnings are of damaged or missing data, which would be made up: errors, as soon as there is one.
void refuse_warnings(j_common_ptr info, int level) {
  if (level < 0) fail_back(info);
}

void install(Failure& failure) {
  jpeg_std_error(&failure.manager);
  failure.manager.error_exit = fail_back;
  failure.manager.emit_message = refuse_warnings;
  failure.message[0] = '\0';
}

void limit_scans(j_common_ptr info) {
  const auto* reader = reinterpret_cast<j_decompress_ptr>(info);
  if (reader->input_scan_number <= kMostScans) return;
  auto* failure = reinterpret_cast<Failure*>(info->err);
  std::snprintf(failure->message, sizeof failure->message, "more than %d scans", kMostScans);
  std::longjmp(failure->back, 1);
}

struct Reader {
  Failure failure;
  jpeg_decompress_struct info{};
  jpeg_progress_mgr progress{};
  bool made = false;

  ~Reader() {
    if (made) jpeg_destroy_decompress(&info);
  }
};

// False: an error, in the failure's message.
bool read_header(Reader& reader, const unsigned char* data, std::size_t size) {
  install(reader.failure);
  reader.info.err = &reader.failure.manager;
  if (setjmp(reader.failure.back) != 0) return false;
  jpeg_create_decompress(&reader.info);
  reader.made = true;
  reader.progress.progress_monitor = limit_scans;
  reader.info.progress = &reader.progress;
  jpeg_mem_src(&reader.info, data, size);
  jpeg_save_markers(&reader.info, kExifMarker, kWholeSegment);
  jpeg_read_header(&reader.info, TRUE);
  return true;
}

// After it the number of channels is known.
bool start_reading(Reader& reader) {
  if (setjmp(reader.failure.back) != 0) return false;
  const J_COLOR_SPACE stored = reader.info.jpeg_color_space;
  if (stored == JCS_GRAYSCALE)
    reader.info.out_color_space = JCS_GRAYSCALE;
  else if (stored == JCS_CMYK || stored == JCS_YCCK)
    reader.info.out_color_space = JCS_CMYK;
  else
    reader.info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&reader.info);
  return true;
}

bool read_rows(Reader& reader, unsigned char* to, std::size_t row) {
  if (setjmp(reader.failure.back) != 0) return false;
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW line = to + row * reader.info.output_scanline;
    jpeg_read_scanlines(&reader.info, &line, 1);
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

int orientation_of(const Reader& reader) {
  for (const jpeg_marker_struct* marker = reader.info.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->marker != kExifMarker) continue;
    return exif_orientation({reinterpret_cast<const char*>(marker->data), marker->data_length});
  }
  return 1;
}

// Adobe's programs store the inks inverted: 255 is no ink.
std::vector<std::uint16_t> rgb_of_inks(const std::vector<unsigned char>& inks, bool inverted) {
  std::vector<std::uint16_t> rgb;
  rgb.reserve(inks.size() / 4 * 3);
  const auto light = [inverted](unsigned char ink) { return inverted ? ink : 255 - ink; };
  for (std::size_t i = 0; i + 3 < inks.size(); i += 4) {
    for (std::size_t k = 0; k < 3; ++k)
      rgb.push_back(static_cast<std::uint16_t>((light(inks[i + k]) * light(inks[i + 3]) + 127) / 255));
  }
  return rgb;
}

struct Writer {
  Failure failure;
  jpeg_compress_struct info{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  bool made = false;

  ~Writer() {
    if (made) jpeg_destroy_compress(&info);
    std::free(bytes);
  }
};

bool write_rows(Writer& writer, const Image& image, unsigned char* from, int quality) {
  install(writer.failure);
  jpeg_compress_struct& info = writer.info;
  info.err = &writer.failure.manager;
  if (setjmp(writer.failure.back) != 0) return false;
  jpeg_create_compress(&info);
  writer.made = true;
  jpeg_mem_dest(&info, &writer.bytes, &writer.size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = static_cast<int>(image.channels);
  info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (quality >= kFullChromaQuality) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&info, TRUE);
  const std::size_t row = static_cast<std::size_t>(image.width * image.channels);
  while (info.next_scanline < info.image_height) {
    JSAMPROW line = from + row * info.next_scanline;
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

}  // namespace

Image parse_jpeg(std::string_view bytes, std::string_view origin, std::int64_t limit) {
  const auto check = [origin](bool done, const Reader& reader) {
    if (!done) base::fail("io::parse_jpeg", "{}: {}", origin, reader.failure.message);
  };
  if (!bytes.starts_with("\xFF\xD8")) base::fail("io::parse_jpeg", "{} is no JPEG file", origin);
  Reader reader;
  check(read_header(reader, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()), reader);
  check_size(reader.info.image_width, reader.info.image_height, limit, "io::parse_jpeg", origin);
  const int orientation = orientation_of(reader);  // finishing forgets the markers
  check(start_reading(reader), reader);
  Image image;
  image.width = reader.info.output_width;
  image.height = reader.info.output_height;
  const auto stored = static_cast<std::size_t>(reader.info.output_components);
  const std::size_t row = static_cast<std::size_t>(image.width) * stored;
  std::vector<unsigned char> raw(row * static_cast<std::size_t>(image.height));
  check(read_rows(reader, raw.data(), row), reader);
  image.channels = stored == 1 ? 1 : 3;
  if (stored == 4)
    image.pixels = rgb_of_inks(raw, reader.info.saw_Adobe_marker != 0);
  else
    image.pixels.assign(raw.begin(), raw.end());
  return oriented(image, orientation);
}

Image read_jpeg(const std::filesystem::path& path, std::int64_t limit) {
  return parse_jpeg(base::read_file(path), path.string(), limit);
}

std::string to_jpeg(const Image& image, int quality) {
  check_image(image, "io::to_jpeg");
  base::require(image.channels == 1 || image.channels == 3, "io::to_jpeg", "channels", image.channels, "1|3",
                "JPEG has no alpha; drop it or write a PNG");
  base::require(image.depth == 8, "io::to_jpeg", "depth", image.depth, "= 8", "scale the samples or write a PNG");
  base::require(std::max(image.width, image.height) <= JPEG_MAX_DIMENSION, "io::to_jpeg", "width x height",
                fmt::format("{} x {}", image.width, image.height), fmt::format("at most {} each", JPEG_MAX_DIMENSION),
                "write a PNG");
  base::require(quality >= 1 && quality <= 100, "io::to_jpeg", "quality", quality, "1 ... 100", "95 is a good one");
  std::vector<unsigned char> raw(image.pixels.begin(), image.pixels.end());
  Writer writer;
  if (!write_rows(writer, image, raw.data(), quality)) base::fail("io::to_jpeg", "{}", writer.failure.message);
  return {reinterpret_cast<const char*>(writer.bytes), writer.size};
}

void write_jpeg(const std::filesystem::path& path, const Image& image, int quality) {
  base::write_atomically(path, to_jpeg(image, quality));
}

}  // namespace fathom::io
