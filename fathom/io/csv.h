// Comma-separated values (RFC 4180): fields in double quotes may hold commas, line breaks and doubled quotes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::io {

using CsvRows = std::vector<std::vector<std::string>>;

// Lines end with CRLF or LF, the last one perhaps without. Throws Error with origin and line for a quote inside an
// unquoted field, text after a closing quote, an unclosed quote, or a line with more or fewer fields than the first.
CsvRows parse_csv(std::string_view text, std::string_view origin);
CsvRows read_csv(const std::filesystem::path& path);

// Quotes where needed, ends lines with CRLF; parse_csv gives the rows back. Throws Error when rows differ in length or
// are empty.
std::string to_csv(const CsvRows& rows);
std::string to_csv(const base::Table& table);                            // header, then rows; the title is left out
void write_csv(const std::filesystem::path& path, const CsvRows& rows);  // atomic

}  // namespace fathom::io
