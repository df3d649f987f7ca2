// JSON lines: one flat object per line, appended while a run goes on and read back whole.
// A double that is NaN is written as null, the infinities as "inf" and "-inf" (so these two texts are read as numbers).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace fathom::io {

using FlatValue = std::variant<bool, std::int64_t, double, std::string>;
using FlatRecord = std::vector<std::pair<std::string, FlatValue>>;  // in the order of writing

// One line, with its line break. Throws Error for a repeated key or text that is not UTF-8.
std::string to_jsonl(const FlatRecord& record);

struct Jsonl {
  std::vector<FlatRecord> records;  // keys in the order of the file
  bool truncated = false;           // the last line was cut off (a crash while writing) and is left out
};

// Blank lines are skipped. Throws Error with origin and line for a line that is no flat object; the last line, when it
// has no line break, is left out instead and reported.
Jsonl parse_jsonl(std::string_view text, std::string_view origin);
Jsonl read_jsonl(const std::filesystem::path& path);

// The number of a record's field, or `otherwise` when it is absent or no number.
double number_at(const FlatRecord& record, std::string_view key, double otherwise);

// Appends records to a file, each flushed when written. A last line without its line break, left by a crash, is removed
// first, so that a resumed run continues a whole file.
class JsonlWriter {
 public:
  explicit JsonlWriter(const std::filesystem::path& path);  // makes the folder when absent
  void write(const FlatRecord& record);

 private:
  std::filesystem::path path_;
  std::ofstream out_;
};

}  // namespace fathom::io
