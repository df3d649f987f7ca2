#include "fathom/io/png.h"

#include <csetjmp>
#include <cstring>

#include <png.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"

namespace fathom::io {

namespace {

constexpr std::size_t kSignature = 8, kMessage = 200;

// libpng reports an error by longjmp: between setjmp and it no object with a destructor may be made. So each stage is a
// function of plain calls; what is owned lies outside, and `message` in plain memory.
struct Source {
  const unsigned char* next;
  std::size_t left;
  char message[kMessage];
};

struct Sink {
  std::string* bytes;
  bool out_of_memory;
  char message[kMessage];
};

template <class Side>
void keep_message(png_structp png, png_const_charp text) {
  auto* side = static_cast<Side*>(png_get_error_ptr(png));
  std::strncpy(side->message, text, kMessage - 1);
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep to, std::size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (count > source->left) png_error(png, "the file ends too early");
  std::memcpy(to, source->next, count);
  source->next += count;
  source->left -= count;
}

void write_bytes(png_structp png, png_bytep from, std::size_t count) {
  auto* sink = static_cast<Sink*>(png_get_io_ptr(png));
  try {
    sink->bytes->append(reinterpret_cast<const char*>(from), count);
  } catch (const std::bad_alloc&) {
    sink->out_of_memory = true;
  }
  if (sink->out_of_memory) png_error(png, "out of memory");
}

struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit Reader(Source* source)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, source, keep_message<Source>, ignore_warning)) {
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_read_struct(&png, &info, nullptr);
      base::fail("io::parse_png", "libpng does not start");
    }
    png_set_read_fn(png, source, read_bytes);
  }
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
};

struct Writer {
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit Writer(Sink* sink)
      : png(png_create_write_struct(PNG_LIBPNG_VER_STRING, sink, keep_message<Sink>, ignore_warning)) {
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) {
      png_destroy_write_struct(&png, &info);
      base::fail("io::to_png", "libpng does not start");
    }
    png_set_write_fn(png, sink, write_bytes, nullptr);
  }
  ~Writer() { png_destroy_write_struct(&png, &info); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
};

// Up to the pixels: sizes are known and the expansion to 8 or 16 bits is set. False: an error, in the source's message.
bool read_header(const Reader& reader, std::int64_t limit) {
  png_structp png = reader.png;
  png_infop info = reader.info;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);                       // ours comes right after, with a clear text
  png_set_chunk_malloc_max(png, 1 << 23);                                 // a chunk of text must not fill the memory
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // and need not be read
  png_read_info(png, info);
  const auto width = static_cast<std::int64_t>(png_get_image_width(png, info)),
             height = static_cast<std::int64_t>(png_get_image_height(png, info));
  if (width > limit / height) return true;  // refused by the caller
  png_set_expand(png);                      // palette to RGB, fewer bits to 8, a transparent colour to alpha
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);  // big-endian samples; this machine is not
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

bool read_rows(const Reader& reader, png_bytepp rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

int colour_type(std::int64_t channels) {
  constexpr int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
  return types[channels - 1];
}

bool write_rows(const Writer& writer, const Image& image, png_bytepp rows) {
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_set_user_limits(writer.png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
               static_cast<int>(image.depth), colour_type(image.channels), PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  if (image.depth == 16) png_set_swap(writer.png);
  png_write_image(writer.png, rows);
  png_write_end(writer.png, nullptr);
  return true;
}

std::vector<png_bytep> rows_of(std::vector<unsigned char>& bytes, std::int64_t height) {
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  const std::size_t row = bytes.size() / rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = bytes.data() + i * row;
  return rows;
}

}  // namespace

Image parse_png(std::string_view bytes, std::string_view origin, std::int64_t limit) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (bytes.size() < kSignature || png_sig_cmp(data, 0, kSignature) != 0)
    base::fail("io::parse_png", "{} is no PNG file", origin);
  Source source{data, bytes.size(), {}};
  const Reader reader(&source);
  if (!read_header(reader, limit)) base::fail("io::parse_png", "{}: {}", origin, source.message);
  Image image;
  image.width = png_get_image_width(reader.png, reader.info);
  image.height = png_get_image_height(reader.png, reader.info);
  check_size(image.width, image.height, limit, "io::parse_png", origin);
  image.channels = png_get_channels(reader.png, reader.info);
  image.depth = png_get_bit_depth(reader.png, reader.info);
  std::vector<unsigned char> raw(static_cast<std::size_t>(image.height) * png_get_rowbytes(reader.png, reader.info));
  std::vector<png_bytep> rows = rows_of(raw, image.height);
  if (!read_rows(reader, rows.data())) base::fail("io::parse_png", "{}: {}", origin, source.message);
  image.pixels.resize(static_cast<std::size_t>(image.samples()));
  if (image.depth == 16)
    std::memcpy(image.pixels.data(), raw.data(), raw.size());
  else
    image.pixels.assign(raw.begin(), raw.end());
  return image;
}

Image read_png(const std::filesystem::path& path, std::int64_t limit) {
  return parse_png(base::read_file(path), path.string(), limit);
}

std::string to_png(const Image& image) {
  check_image(image, "io::to_png");
  std::vector<unsigned char> raw(image.pixels.size() * static_cast<std::size_t>(image.depth / 8));
  if (image.depth == 16)
    std::memcpy(raw.data(), image.pixels.data(), raw.size());
  else
    raw.assign(image.pixels.begin(), image.pixels.end());
  std::vector<png_bytep> rows = rows_of(raw, image.height);
  std::string bytes;
  Sink sink{&bytes, false, {}};
  const Writer writer(&sink);
  if (!write_rows(writer, image, rows.data())) base::fail("io::to_png", "{}", sink.message);
  return bytes;
}

void write_png(const std::filesystem::path& path, const Image& image) { base::write_atomically(path, to_png(image)); }

}  // namespace fathom::io
