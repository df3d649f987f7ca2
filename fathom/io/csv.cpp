#include "fathom/io/csv.h"

#include <algorithm>

#include "fathom/base/error.h"
#include "fathom/base/file.h"

namespace fathom::io {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view origin) : rest_(text), origin_(origin) {}

  CsvRows read() {
    CsvRows rows;
    while (!rest_.empty()) {
      const int first_line = line_;
      rows.push_back(row());
      if (rows.back().size() != rows.front().size()) {
        refuse(first_line, fmt::format("{} fields, the first line has {}", rows.back().size(), rows.front().size()));
      }
    }
    return rows;
  }

 private:
  [[noreturn]] void refuse(int line, std::string_view cause) const {
    base::fail("io::parse_csv", "{}:{}: {}", origin_, line, cause);
  }

  std::vector<std::string> row() {
    std::vector<std::string> fields = {field()};
    while (accept(",")) fields.push_back(field());
    if (!accept("\r\n") && !accept("\n") && !rest_.empty()) refuse(line_, "text after a closing quote");
    ++line_;
    return fields;
  }

  bool accept(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string field() { return accept("\"") ? quoted() : plain(); }

  std::string plain() {
    const auto end = std::min(rest_.find_first_of(",\n"), rest_.size());
    std::string_view text = rest_.substr(0, end);
    if (rest_.substr(end).starts_with('\n') && text.ends_with('\r')) text.remove_suffix(1);
    if (text.find('"') != text.npos) refuse(line_, "a quote inside an unquoted field; quote the field and double it");
    rest_.remove_prefix(text.size());
    return std::string(text);
  }

  std::string quoted() {
    const int first_line = line_;
    std::string text;
    do {
      const auto end = rest_.find('"');
      if (end == rest_.npos) refuse(first_line, "a quote that is never closed");
      text += rest_.substr(0, end);
      line_ += static_cast<int>(std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
      rest_.remove_prefix(end + 1);
      if (rest_.starts_with('"')) text += '"';
    } while (accept("\""));
    return text;
  }

  std::string_view rest_, origin_;
  int line_ = 1;
};

// The only field of a row is quoted when empty: a row of its own, not the end of the text.
std::string field_text(const std::string& field, bool only) {
  const bool plain = field.find_first_of(",\"\r\n") == field.npos && !(only && field.empty());
  if (plain) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

CsvRows parse_csv(std::string_view text, std::string_view origin) { return CsvReader(text, origin).read(); }

CsvRows read_csv(const std::filesystem::path& path) { return parse_csv(base::read_file(path), path.string()); }

std::string to_csv(const CsvRows& rows) {
  std::string text;
  for (const auto& row : rows) {
    if (row.empty() || row.size() != rows.front().size()) {
      base::fail("io::to_csv", "a row of {} fields where the first has {}", row.size(), rows.front().size());
    }
    for (std::size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "," : "") + field_text(row[i], row.size() == 1);
    text += "\r\n";
  }
  return text;
}

std::string to_csv(const base::Table& table) {
  CsvRows rows = {table.header};
  rows.insert(rows.end(), table.rows.begin(), table.rows.end());
  return to_csv(rows);
}

void write_csv(const std::filesystem::path& path, const CsvRows& rows) { base::write_atomically(path, to_csv(rows)); }

}  // namespace fathom::io
