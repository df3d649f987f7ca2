#include "fathom/io/npy.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"

namespace fathom::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kParse = "io::parse_npy";
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kRankLimit = 32;  // NumPy's own

struct Code {
  DType dtype;
  std::string_view text;
};
constexpr Code kCodes[] = {{DType::f64, "<f8"}, {DType::f32, "<f4"}, {DType::f16, "<f2"},
                           {DType::i64, "<i8"}, {DType::i32, "<i4"}, {DType::i16, "<i2"},
                           {DType::i8, "|i1"},  {DType::u8, "|u1"},  {DType::boolean, "|b1"}};

struct Header {
  std::optional<DType> dtype;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;
};

// The Python dictionary of the header, of which only three keys and their literals are known.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, std::string_view origin) : rest_(text), origin_(origin) {}

  Header read() {
    Header header;
    expect('{');
    while (!accept('}')) {
      read_member(header);
      if (!accept(',') && next() != '}') refuse("expected ',' or '}'");
    }
    if (next() != '\0') refuse("text after the dictionary");
    if (!header.dtype || !header.fortran_order || !header.shape) refuse("descr, fortran_order or shape is missing");
    return header;
  }

  [[noreturn]] void refuse(std::string_view cause) const {
    base::fail(kParse, "{}: header: {} at '{}'", origin_, excerpt(cause, 200), excerpt(rest_, 40));
  }

 private:
  // The next character that is no blank, '\0' at the end.
  char next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size()));
    return rest_.empty() ? '\0' : rest_[0];
  }

  bool accept(char c) {
    if (next() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!accept(c)) refuse(fmt::format("expected '{}'", c));
  }

  bool accept_word(std::string_view word) {
    next();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view text() {
    const char quote = next();
    if (quote != '\'' && quote != '"') refuse("expected a text");
    const auto end = rest_.find(quote, 1);
    if (end == rest_.npos) refuse("a text without its end");
    const std::string_view inside = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return inside;
  }

  void read_member(Header& header) {
    const std::string_view key = text();
    expect(':');
    if (key == "descr")
      give(header.dtype, dtype(), key);
    else if (key == "fortran_order")
      give(header.fortran_order, boolean(), key);
    else if (key == "shape")
      give(header.shape, shape(), key);
    else
      refuse(fmt::format("unknown key '{}'", key));
  }

  template <class Value>
  void give(std::optional<Value>& slot, Value value, std::string_view key) const {
    if (slot) refuse(fmt::format("key '{}' appears twice", key));
    slot = std::move(value);
  }

  DType dtype() {
    if (next() == '[') refuse("a structured type; only plain numbers are read");
    const std::string_view code = text();
    for (const Code& known : kCodes) {
      if (known.text == code || (size_of(known.dtype) == 1 && code == "<" + std::string(known.text.substr(1)))) {
        return known.dtype;
      }
    }
    if (code.starts_with('>')) refuse(fmt::format("type '{}' is big-endian; save it little-endian", code));
    refuse(fmt::format("type '{}' is not one of <f8 <f4 <f2 <i8 <i4 <i2 |i1 |u1 |b1", code));
  }

  bool boolean() {
    if (accept_word("True")) return true;
    if (!accept_word("False")) refuse("expected True or False");
    return false;
  }

  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> dimensions;
    expect('(');
    while (!accept(')')) {
      dimensions.push_back(dimension());
      const bool comma = accept(',');
      if (!comma && (next() != ')' || dimensions.size() == 1)) refuse("expected ',' in the shape");
      if (dimensions.size() > kRankLimit) refuse("more than 32 dimensions");
    }
    return dimensions;
  }

  std::int64_t dimension() {
    next();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc{} || value < 0) refuse("expected a dimension >= 0");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  std::string_view rest_, origin_;
};

struct Parts {
  std::string_view header, data;
};

Parts split(std::string_view bytes, std::string_view origin) {
  if (!bytes.starts_with(kMagic)) base::fail(kParse, "{}: the magic number is missing; this is no .npy file", origin);
  const std::size_t width = bytes.size() > 6 && bytes[6] == 1 ? 2 : 4;
  const std::size_t start = 8 + width;
  if (bytes.size() < start) base::fail(kParse, "{}: {} bytes are too short for a .npy file", origin, bytes.size());
  if (bytes[6] < 1 || bytes[6] > 3) base::fail(kParse, "{}: format version {} is not 1, 2 or 3", origin, int{bytes[6]});
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 8, width);
  if (length > bytes.size() - start) {
    base::fail(kParse, "{}: a header of {} bytes in a file of {}; it is truncated", origin, length, bytes.size());
  }
  return {bytes.substr(start, length), bytes.substr(start + length)};
}

// Elements with the first dimension fastest into elements with the last fastest.
std::string row_major(std::string_view data, const std::vector<std::int64_t>& shape, std::size_t width) {
  std::string out(data.size(), '\0');
  std::vector<std::int64_t> index(shape.size(), 0);
  for (std::size_t to = 0; to < data.size(); to += width) {
    std::size_t from = 0;
    for (std::size_t d = shape.size(); d-- > 0;) {
      from = from * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(index[d]);
    }
    std::memcpy(out.data() + to, data.data() + from * width, width);
    for (std::size_t d = shape.size(); d-- > 0 && ++index[d] == shape[d];) index[d] = 0;
  }
  return out;
}

}  // namespace

TensorRecord parse_npy(std::string_view bytes, std::string_view origin) {
  const Parts parts = split(bytes, origin);
  const Header header = HeaderReader(parts.header, origin).read();
  const auto needed = byte_count(*header.shape, *header.dtype);
  if (!needed) base::fail(kParse, "{}: shape {} overflows", origin, shape_text(*header.shape));
  if (*needed != parts.data.size()) {
    base::fail(kParse, "{}: shape {} of {} needs {} bytes, the file holds {}", origin, shape_text(*header.shape),
               name_of(*header.dtype), *needed, parts.data.size());
  }
  TensorRecord tensor{"", *header.dtype, *header.shape, {}};
  if (*header.fortran_order && tensor.shape.size() > 1) {
    tensor.bytes = row_major(parts.data, tensor.shape, size_of(tensor.dtype));
  } else {
    tensor.bytes = std::string(parts.data);
  }
  return tensor;
}

TensorRecord read_npy(const std::filesystem::path& path) { return parse_npy(base::read_file(path), path.string()); }

std::string to_npy(const TensorRecord& tensor) {
  const auto* const code =
      std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& c) { return c.dtype == tensor.dtype; });
  if (code == std::end(kCodes)) {
    base::fail("io::to_npy", "'{}' has type {}, which NumPy has not; convert it to f32", tensor.name,
               name_of(tensor.dtype));
  }
  element_count(tensor);
  const std::string comma = tensor.shape.size() == 1 ? "," : "";
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", code->text,
                                   fmt::join(tensor.shape, ", "), comma);
  const std::size_t start = kMagic.size() + 4;
  header.append(kAlignment - 1 - (start + header.size()) % kAlignment, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string bytes(kMagic);
  bytes += std::string("\x01\x00", 2);
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  return bytes + header + tensor.bytes;
}

void write_npy(const std::filesystem::path& path, const TensorRecord& tensor) {
  base::write_atomically(path, to_npy(tensor));
}

}  // namespace fathom::io
