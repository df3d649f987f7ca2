#include "fathom/report/table_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "fathom/report/number_text.h"
#include "fathom/report/text_size.h"

namespace fathom::report {

namespace {

const std::string& cell(const std::vector<std::string>& row, std::size_t column) {
  static const std::string kEmpty;
  return column < row.size() ? row[column] : kEmpty;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('.')) text.remove_prefix(1);
  return !text.empty() && is_digit(text[0]);
}

bool is_missing(const std::string& text) { return text.empty() || text == kMissing; }

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : one_line(text)) {
    if (c == '|' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, code_points(text)), ' ');
  return right ? space + text : text + space;
}

std::string without_trailing_space(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::vector<std::size_t> widths_of(const base::Table& table) {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.header.size(); ++c) {
    std::size_t width = code_points(one_line(table.header[c]));
    for (const std::vector<std::string>& row : table.rows) width = std::max(width, code_points(one_line(cell(row, c))));
    widths.push_back(width);
  }
  return widths;
}

}  // namespace

std::vector<bool> numeric_columns(const base::Table& table) {
  std::vector<bool> numeric;
  for (std::size_t c = 0; c < table.header.size(); ++c) {
    const auto fits = [c](const auto& row) { return is_number(cell(row, c)) || is_missing(cell(row, c)); };
    const auto counts = [c](const auto& row) { return is_number(cell(row, c)); };
    numeric.push_back(std::all_of(table.rows.begin(), table.rows.end(), fits) &&
                      std::any_of(table.rows.begin(), table.rows.end(), counts));
  }
  return numeric;
}

std::string to_markdown(const base::Table& table) {
  const std::vector<bool> numeric = numeric_columns(table);
  std::string out = table.title.empty() ? "" : fmt::format("**{}**\n\n", one_line(table.title));
  std::string rule = "|";
  out += "|";
  for (std::size_t c = 0; c < table.header.size(); ++c) {
    out += fmt::format(" {} |", markdown_cell(table.header[c]));
    rule += numeric[c] ? " ---: |" : " --- |";
  }
  out += "\n" + rule + "\n";
  for (const std::vector<std::string>& row : table.rows) {
    out += "|";
    for (std::size_t c = 0; c < table.header.size(); ++c) out += fmt::format(" {} |", markdown_cell(cell(row, c)));
    out += "\n";
  }
  return out;
}

std::string to_text(const base::Table& table) {
  const std::vector<bool> numeric = numeric_columns(table);
  const std::vector<std::size_t> widths = widths_of(table);
  const auto line_of = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      if (c > 0) line += "  ";
      line += padded(one_line(cell(row, c)), widths[c], numeric[c]);
    }
    return without_trailing_space(std::move(line)) + "\n";
  };
  std::string out = table.title.empty() ? "" : one_line(table.title) + "\n\n";
  out += line_of(table.header);
  for (std::size_t c = 0; c < widths.size(); ++c) {
    if (c > 0) out += "  ";
    for (std::size_t i = 0; i < widths[c]; ++i) out += "─";
  }
  out += "\n";
  for (const std::vector<std::string>& row : table.rows) out += line_of(row);
  return out;
}

}  // namespace fathom::report
