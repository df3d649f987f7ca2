#include "fathom/io/jsonl.h"

#include <algorithm>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/json_number.h"

namespace fathom::io {
namespace {

using nlohmann::json;
constexpr std::string_view kParse = "io::parse_jsonl";

nlohmann::ordered_json to_json(const FlatValue& value) {
  if (const double* number = std::get_if<double>(&value)) return json_of(*number);
  return std::visit([](const auto& held) { return nlohmann::ordered_json(held); }, value);
}

// Takes the events of nlohmann's parser; a document of its own would cost its keys' order or quadratic time.
class FlatReader {
 public:
  explicit FlatReader(const std::string& origin) : origin_(origin) {}
  FlatRecord record;

  bool null() { return add(std::numeric_limits<double>::quiet_NaN()); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(static_cast<double>(value));
    }
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) {
    if (const auto number = double_of(value)) return add(*number);
    return add(value);
  }
  bool key(std::string& name) {
    if (!keys_.insert(name).second) refuse(fmt::format("key '{}' appears twice", excerpt(name)));
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) {
    if (std::exchange(open_, true)) refuse(fmt::format("'{}' holds an object; records are flat", excerpt(key_)));
    return true;
  }
  bool start_array(std::size_t) {
    if (!open_) refuse("the line is not a JSON object");
    refuse(fmt::format("'{}' holds a list; records are flat", excerpt(key_)));
  }
  bool end_object() { return true; }
  bool end_array() { return true; }
  bool binary(json::binary_t&) { return true; }
  bool parse_error(std::size_t, const std::string&, const json::exception& error) {
    refuse("bad JSON: " + excerpt(error.what(), 200));
  }

 private:
  bool add(FlatValue value) {
    if (!open_) refuse("the line is not a JSON object");
    record.emplace_back(key_, std::move(value));
    return true;
  }
  [[noreturn]] void refuse(const std::string& cause) const { base::fail(kParse, "{}: {}", origin_, cause); }

  const std::string& origin_;
  std::set<std::string> keys_;
  std::string key_;
  bool open_ = false;
};

FlatRecord parse_line(std::string_view line, const std::string& origin) {
  FlatReader reader(origin);
  json::sax_parse(line.begin(), line.end(), &reader);
  return std::move(reader.record);
}

// Where the last whole line ends.
std::uintmax_t whole_lines(const std::filesystem::path& path) {
  return base::read_file(path).rfind('\n') + 1;  // npos + 1 = 0
}

}  // namespace

std::string to_jsonl(const FlatRecord& record) {
  std::set<std::string_view> keys;
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [key, value] : record) {
    if (!keys.insert(key).second) base::fail("io::to_jsonl", "key '{}' appears twice in the record", key);
    object[key] = to_json(value);
  }
  try {
    return object.dump() + '\n';
  } catch (const json::exception& error) {
    base::fail("io::to_jsonl", "a key or text is not UTF-8: {}", error.what());
  }
}

Jsonl parse_jsonl(std::string_view text, std::string_view origin) {
  Jsonl file;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    const bool whole = end != text.npos;
    text.remove_prefix(whole ? end + 1 : text.size());
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    try {
      file.records.push_back(parse_line(line, fmt::format("{}:{}", origin, number)));
    } catch (const Error&) {
      if (whole) throw;
      file.truncated = true;
    }
  }
  return file;
}

Jsonl read_jsonl(const std::filesystem::path& path) { return parse_jsonl(base::read_file(path), path.string()); }

double number_at(const FlatRecord& record, std::string_view key, double otherwise) {
  const auto found = std::find_if(record.begin(), record.end(), [&](const auto& field) { return field.first == key; });
  if (found == record.end()) return otherwise;
  if (const auto* whole = std::get_if<std::int64_t>(&found->second)) return static_cast<double>(*whole);
  const double* number = std::get_if<double>(&found->second);
  return number != nullptr ? *number : otherwise;
}

JsonlWriter::JsonlWriter(const std::filesystem::path& path) : path_(path) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (std::filesystem::exists(path, error)) std::filesystem::resize_file(path, whole_lines(path));
  out_.open(path, std::ios::binary | std::ios::app);
  if (!out_) base::fail("io::JsonlWriter", "cannot open {} for appending; check the folder", path.string());
}

void JsonlWriter::write(const FlatRecord& record) {
  out_ << to_jsonl(record) << std::flush;
  if (!out_) base::fail("io::JsonlWriter", "cannot write to {}; is the disk full?", path_.string());
}

}  // namespace fathom::io
