// Tables as text: Markdown for documents, aligned columns for a terminal.
#pragma once

#include <string>
#include <vector>

#include "fathom/base/record.h"

namespace fathom::report {

// For every column whether all its cells are numbers (a sign, a unit, "± 0.1" may be part) or the
// sign for a missing one. Rows may be shorter than the header: what lacks is an empty cell. What is
// beyond the header is not shown.
std::vector<bool> numeric_columns(const base::Table& table);

// A pipe table, its title in bold above; numeric columns to the right. Cells cannot break it: | and
// line ends are replaced.
std::string to_markdown(const base::Table& table);

// Columns two spaces apart, numbers to the right, a line under the header, the title above.
std::string to_text(const base::Table& table);

}  // namespace fathom::report
