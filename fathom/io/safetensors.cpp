#include "fathom/io/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/json_parse.h"

namespace fathom::io {
namespace {

using nlohmann::json;
constexpr std::string_view kMetadata = "__metadata__";
constexpr std::size_t kLengthBytes = 8;

struct Code {
  DType dtype;
  std::string_view text;
};
constexpr Code kCodes[] = {{DType::f64, "F64"}, {DType::f32, "F32"},     {DType::f16, "F16"}, {DType::bf16, "BF16"},
                           {DType::i64, "I64"}, {DType::i32, "I32"},     {DType::i16, "I16"}, {DType::i8, "I8"},
                           {DType::u8, "U8"},   {DType::boolean, "BOOL"}};

std::optional<DType> dtype_from(std::string_view text) {
  for (const Code& code : kCodes) {
    if (code.text == text) return code.dtype;
  }
  return std::nullopt;
}

std::string_view code_of(DType dtype) {
  return std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& c) { return c.dtype == dtype; })->text;
}

// A header entry before its data is touched.
struct Claim {
  std::string name;
  DType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin, end;
};

// Reads the header; every refusal names the file and, inside an entry, the tensor.
class HeaderReader {
 public:
  HeaderReader(std::string_view bytes, std::string_view origin) : origin_(origin) { split(bytes); }

  Safetensors read() {
    const json header = parse_json(header_, kPlace, origin_);
    if (!header.is_object()) refuse("the header is not a JSON object");
    Safetensors file;
    std::vector<Claim> claims;
    for (const auto& [name, entry] : header.items()) {
      if (name == kMetadata)
        file.metadata = metadata(entry);
      else
        claims.push_back(claim(name, entry));
    }
    check_cover(claims);
    for (Claim& c : claims) {
      file.tensors.push_back(
          {std::move(c.name), c.dtype, std::move(c.shape), std::string(data_.substr(c.begin, c.end - c.begin))});
    }
    return file;
  }

 private:
  static constexpr std::string_view kPlace = "io::parse_safetensors";

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    base::fail(kPlace, "{}: {}", origin_, excerpt(fmt::format(format, std::forward<Args>(args)...), 300));
  }

  void split(std::string_view bytes) {
    if (bytes.size() < kLengthBytes) refuse("{} bytes are too short for a safetensors file", bytes.size());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), kLengthBytes);
    if (length > kSafetensorsHeaderLimit) {
      refuse("header length = {} violates <= {}; this is no safetensors file", length, kSafetensorsHeaderLimit);
    }
    if (length > bytes.size() - kLengthBytes) {
      refuse("header length = {} reaches beyond the {} bytes of the file; it is truncated", length, bytes.size());
    }
    header_ = bytes.substr(kLengthBytes, length);
    data_ = bytes.substr(kLengthBytes + length);
  }

  std::map<std::string, std::string> metadata(const json& entry) const {
    if (!entry.is_object()) refuse("__metadata__ is not an object");
    std::map<std::string, std::string> texts;
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) refuse("__metadata__ '{}' is not a string", key);
      texts[key] = value.get<std::string>();
    }
    return texts;
  }

  const json& field(const std::string& name, const json& entry, const char* key) const {
    const auto found = entry.find(key);
    if (found == entry.end()) refuse("tensor '{}' has no {}", name, key);
    return *found;
  }

  // The non-negative integers of a JSON list.
  std::vector<std::uint64_t> naturals(const std::string& name, const char* key, const json& list) const {
    if (!list.is_array()) refuse("tensor '{}': {} is not a list", name, key);
    std::vector<std::uint64_t> values;
    for (const json& item : list) {
      if (!item.is_number_unsigned()) refuse("tensor '{}': {} holds {}, not an integer >= 0", name, key, item.dump());
      values.push_back(item.get<std::uint64_t>());
    }
    return values;
  }

  DType dtype(const std::string& name, const json& text) const {
    if (!text.is_string()) refuse("tensor '{}': dtype is not a string", name);
    const auto known = dtype_from(text.get_ref<const std::string&>());
    if (!known) {
      refuse("tensor '{}': dtype {} is not one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL", name, text.dump());
    }
    return *known;
  }

  Claim claim(const std::string& name, const json& entry) const {
    if (!entry.is_object()) refuse("tensor '{}' is not described by an object", name);
    Claim c{name, dtype(name, field(name, entry, "dtype")), {}, 0, 0};
    for (const std::uint64_t dimension : naturals(name, "shape", field(name, entry, "shape"))) {
      if (dimension > std::numeric_limits<std::int64_t>::max()) refuse("tensor '{}': shape overflows", name);
      c.shape.push_back(static_cast<std::int64_t>(dimension));
    }
    const auto offsets = naturals(name, "data_offsets", field(name, entry, "data_offsets"));
    if (offsets.size() != 2) refuse("tensor '{}': data_offsets holds {} numbers, not 2", name, offsets.size());
    c.begin = offsets[0];
    c.end = offsets[1];
    check_extent(c);
    return c;
  }

  void check_extent(const Claim& c) const {
    if (c.begin > c.end) refuse("tensor '{}': data_offsets [{}, {}] are not in order", c.name, c.begin, c.end);
    if (c.end > data_.size()) {
      refuse("tensor '{}': data_offsets [{}, {}] end beyond the {} data bytes", c.name, c.begin, c.end, data_.size());
    }
    const auto needed = byte_count(c.shape, c.dtype);
    if (!needed) refuse("tensor '{}': shape {} overflows", c.name, shape_text(c.shape));
    if (*needed != c.end - c.begin) {
      refuse("tensor '{}': shape {} of {} needs {} bytes, data_offsets give {}", c.name, shape_text(c.shape),
             code_of(c.dtype), *needed, c.end - c.begin);
    }
  }

  // Sorts the claims by position; each must begin where the one before ends.
  void check_cover(std::vector<Claim>& claims) const {
    std::stable_sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t covered = 0;
    for (const Claim& c : claims) {
      if (c.begin < covered) refuse("tensor '{}' overlaps the tensor before it (byte {})", c.name, c.begin);
      if (c.begin > covered) refuse("a hole of bytes {} to {} before tensor '{}'", covered, c.begin, c.name);
      covered = c.end;
    }
    if (covered != data_.size()) refuse("{} data bytes after the last tensor belong to none", data_.size() - covered);
  }

  std::string_view origin_, header_, data_;
};

// The tensors in the order of writing. Names and sizes are checked on the way.
std::vector<const TensorRecord*> ordered(const std::vector<TensorRecord>& tensors) {
  std::set<std::string_view> names = {kMetadata};
  std::vector<const TensorRecord*> order;
  for (const TensorRecord& tensor : tensors) {
    if (!names.insert(tensor.name).second) base::fail("io::to_bytes", "tensor name '{}' is taken twice", tensor.name);
    element_count(tensor);
    order.push_back(&tensor);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const TensorRecord* a, const TensorRecord* b) { return size_of(a->dtype) > size_of(b->dtype); });
  return order;
}

std::string header_text(const Safetensors& file, const std::vector<const TensorRecord*>& order) {
  json header = json::object();
  if (!file.metadata.empty()) header[std::string(kMetadata)] = file.metadata;
  std::size_t offset = 0;
  for (const TensorRecord* t : order) {
    const std::size_t end = offset + t->bytes.size();
    header[t->name] = {{"dtype", code_of(t->dtype)}, {"shape", t->shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
    return text;
  } catch (const json::exception& error) {
    base::fail("io::to_bytes", "a name or metadata text is not UTF-8: {}", error.what());
  }
}

}  // namespace

const TensorRecord* Safetensors::find(std::string_view name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

const TensorRecord& Safetensors::at(std::string_view name) const {
  if (const TensorRecord* found = find(name)) return *found;
  std::vector<std::string> names;
  for (const TensorRecord& tensor : tensors) names.push_back(tensor.name);
  const std::string near = base::nearest(name, names);
  base::fail("io::Safetensors::at", "no tensor '{}' among {}{}", name, names.size(),
             near.empty() ? "; list the names" : fmt::format("; did you mean '{}'?", near));
}

Safetensors parse_safetensors(std::string_view bytes, std::string_view origin) {
  return HeaderReader(bytes, origin).read();
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  return parse_safetensors(base::read_file(path), path.string());
}

std::string to_bytes(const Safetensors& file) {
  const auto order = ordered(file.tensors);
  const std::string header = header_text(file, order);
  const std::uint64_t length = header.size();
  if (length > kSafetensorsHeaderLimit) base::fail("io::to_bytes", "the header takes {} bytes; store less", length);
  std::string bytes(kLengthBytes, '\0');
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes += header;
  for (const TensorRecord* tensor : order) bytes += tensor->bytes;
  return bytes;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& file) {
  base::write_atomically(path, to_bytes(file));
}

}  // namespace fathom::io
