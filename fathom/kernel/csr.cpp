#include "fathom/kernel/csr.h"

#include <limits>
#include <numeric>
#include <string_view>

#include "fathom/base/error.h"

namespace fathom::kernel {
namespace {

void require_size(std::string_view name, std::int64_t size) {
  base::require(size >= 0 && size <= std::numeric_limits<std::int32_t>::max(), "kernel::csr_pattern", name, size,
                "0 <= size <= 2^31-1", "split the graph");
}

void require_indices(std::string_view name, std::span<const std::int64_t> index, std::int64_t size) {
  for (const std::int64_t i : index) {
    base::require(i >= 0 && i < size, "kernel::csr_pattern", name, i, fmt::format("0 <= index < {}", size),
                  "indices count from 0");
  }
}

std::vector<std::int64_t> starts(std::int64_t rows, std::span<const std::int64_t> entry_row) {
  std::vector<std::int64_t> start(rows + 1, 0);
  for (const std::int64_t row : entry_row) ++start[row + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  return start;
}

}  // namespace

CsrPattern csr_pattern(std::int64_t rows, std::int64_t columns, std::span<const std::int64_t> entry_row,
                       std::span<const std::int64_t> entry_column) {
  require_size("rows", rows);
  require_size("columns", columns);
  base::require(entry_row.size() == entry_column.size(), "kernel::csr_pattern", "entry_column.size()",
                entry_column.size(), fmt::format("== entry_row.size() = {}", entry_row.size()),
                "one row and one column for each entry");
  require_indices("entry_row", entry_row, rows);
  require_indices("entry_column", entry_column, columns);

  const auto entries = static_cast<std::int64_t>(entry_row.size());
  CsrPattern pattern{rows, columns, starts(rows, entry_row), {}, {}};
  pattern.column.resize(entries);
  pattern.source.resize(entries);
  std::vector<std::int64_t> next(pattern.row_start.begin(), pattern.row_start.end() - 1);
  for (std::int64_t i = 0; i < entries; ++i) {
    const std::int64_t slot = next[entry_row[i]]++;
    pattern.column[slot] = static_cast<std::int32_t>(entry_column[i]);
    pattern.source[slot] = i;
  }
  return pattern;
}

CsrPattern transpose(const CsrPattern& pattern) {
  std::vector<std::int64_t> entry_row(pattern.column.size());
  for (std::int64_t r = 0; r < pattern.rows; ++r) {
    for (std::int64_t e = pattern.row_start[r]; e < pattern.row_start[r + 1]; ++e) entry_row[e] = r;
  }
  const std::vector<std::int64_t> entry_column(pattern.column.begin(), pattern.column.end());
  return csr_pattern(pattern.columns, pattern.rows, entry_column, entry_row);
}

}  // namespace fathom::kernel
