#include "fathom/io/safetensors_header.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/json_parse.h"
#include "fathom/io/safetensors.h"
#include "fathom/io/tensor_record.h"

namespace fathom::io {
namespace {

using nlohmann::json;

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

// Reads the header; every refusal names the file and, inside an entry, the tensor.
class HeaderReader {
 public:
  HeaderReader(std::string_view bytes, std::string_view origin) : origin_(origin) { split(bytes); }

  SafetensorsHeader read() {
    const json header = parse_json(header_, kPlace, origin_);
    if (!header.is_object()) refuse("the header is not a JSON object");
    SafetensorsHeader parsed;
    parsed.data_begin = kSafetensorsLengthBytes + header_.size();
    for (const auto& [name, entry] : header.items()) {
      if (name == kSafetensorsMetadata)
        parsed.metadata = metadata(entry);
      else
        parsed.tensors.push_back(claim(name, entry));
    }
    check_cover(parsed.tensors);
    return parsed;
  }

 private:
  static constexpr std::string_view kPlace = "io::parse_safetensors";

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    base::fail(kPlace, "{}: {}", origin_, excerpt(fmt::format(format, std::forward<Args>(args)...), 300));
  }

  void split(std::string_view bytes) {
    if (bytes.size() < kSafetensorsLengthBytes) refuse("{} bytes are too short for a safetensors file", bytes.size());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), kSafetensorsLengthBytes);
    if (length > kSafetensorsHeaderLimit) {
      refuse("header length = {} violates <= {}; this is no safetensors file", length, kSafetensorsHeaderLimit);
    }
    if (length > bytes.size() - kSafetensorsLengthBytes) {
      refuse("header length = {} reaches beyond the {} bytes of the file; it is truncated", length, bytes.size());
    }
    header_ = bytes.substr(kSafetensorsLengthBytes, length);
    data_ = bytes.substr(kSafetensorsLengthBytes + length);
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

  TensorEntry claim(const std::string& name, const json& entry) const {
    if (!entry.is_object()) refuse("tensor '{}' is not described by an object", name);
    TensorEntry c{name, dtype(name, field(name, entry, "dtype")), {}, 0, 0};
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

  void check_extent(const TensorEntry& c) const {
    if (c.begin > c.end) refuse("tensor '{}': data_offsets [{}, {}] are not in order", c.name, c.begin, c.end);
    if (c.end > data_.size()) {
      refuse("tensor '{}': data_offsets [{}, {}] end beyond the {} data bytes", c.name, c.begin, c.end, data_.size());
    }
    const auto needed = byte_count(c.shape, c.dtype);
    if (!needed) refuse("tensor '{}': shape {} overflows", c.name, shape_text(c.shape));
    if (*needed != c.end - c.begin) {
      refuse("tensor '{}': shape {} of {} needs {} bytes, data_offsets give {}", c.name, shape_text(c.shape),
             safetensors_code(c.dtype), *needed, c.end - c.begin);
    }
  }

  // Sorts the claims by position; each must begin where the one before ends.
  void check_cover(std::vector<TensorEntry>& claims) const {
    std::stable_sort(claims.begin(), claims.end(), [](const TensorEntry& a, const TensorEntry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t covered = 0;
    for (const TensorEntry& c : claims) {
      if (c.begin < covered) refuse("tensor '{}' overlaps the tensor before it (byte {})", c.name, c.begin);
      if (c.begin > covered) refuse("a hole of bytes {} to {} before tensor '{}'", covered, c.begin, c.name);
      covered = c.end;
    }
    if (covered != data_.size()) refuse("{} data bytes after the last tensor belong to none", data_.size() - covered);
  }

  std::string_view origin_, header_, data_;
};

}  // namespace

std::string_view safetensors_code(DType dtype) {
  return std::find_if(std::begin(kCodes), std::end(kCodes), [&](const Code& c) { return c.dtype == dtype; })->text;
}

SafetensorsHeader parse_safetensors_header(std::string_view bytes, std::string_view origin) {
  return HeaderReader(bytes, origin).read();
}

}  // namespace fathom::io
