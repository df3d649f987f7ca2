#include "fathom/domain/lp/from_mps.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"

namespace fathom::lp {

namespace {

void require_linear_program(const io::MpsModel& model, std::string_view origin) {
  if (model.column_names.empty()) base::fail("lp::from_mps", "{} has no columns; there is nothing to solve", origin);
  const auto integers = std::count(model.integer.begin(), model.integer.end(), true);
  if (integers == 0) return;
  const auto first = std::find(model.integer.begin(), model.integer.end(), true) - model.integer.begin();
  base::fail("lp::from_mps",
             "{} has {} integer columns ('{}' is the first); only continuous linear programs are solved here", origin,
             integers, model.column_names[first]);
}

// The entries of each row, columns ascending. Zeros are left out.
struct Entry {
  std::int64_t column;
  double value;
};
std::vector<std::vector<Entry>> rows_of(const io::MpsModel& model) {
  std::vector<std::vector<Entry>> rows(model.row_names.size());
  for (std::size_t e = 0; e < model.entry_value.size(); ++e) {
    if (model.entry_value[e] != 0) rows[model.entry_row[e]].push_back({model.entry_column[e], model.entry_value[e]});
  }
  for (std::vector<Entry>& row : rows) {
    std::sort(row.begin(), row.end(), [](const Entry& a, const Entry& b) { return a.column < b.column; });
  }
  return rows;
}

void append(Imported& imported, std::int64_t row, double sign, double bound, bool equality,
            const std::vector<Entry>& entries) {
  Instance& p = imported.instance;
  for (const Entry& entry : entries) {
    p.row.push_back(p.m);
    p.column.push_back(entry.column);
    p.value.push_back(sign * entry.value);
  }
  p.b.push_back(sign * bound);
  p.equality.push_back(equality);
  imported.rows.push_back({row, sign});
  ++p.m;
}

void append_rows(Imported& imported, const io::MpsModel& model) {
  const std::vector<std::vector<Entry>> rows = rows_of(model);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double low = model.row_lower[i], high = model.row_upper[i];
    const auto row = static_cast<std::int64_t>(i);
    if (low == high) {
      append(imported, row, 1, high, true, rows[i]);
      continue;
    }
    if (std::isfinite(high)) append(imported, row, 1, high, false, rows[i]);
    if (std::isfinite(low)) append(imported, row, -1, low, false, rows[i]);
  }
  if (rows.empty() || imported.instance.m == 0) append(imported, -1, 1, 0, false, {});
}

}  // namespace

Imported from_mps(const io::MpsModel& model, std::string_view origin) {
  require_linear_program(model, origin);
  Imported imported{.name = model.name, .variable_names = model.column_names};
  imported.objective_sign = model.maximize ? -1 : 1;
  imported.objective_constant = model.objective_constant;
  imported.instance.n = static_cast<std::int64_t>(model.column_names.size());
  imported.instance.c = model.objective;
  if (model.maximize) {
    for (double& c : imported.instance.c) c = -c;
  }
  imported.instance.l = model.lower;
  imported.instance.u = model.upper;
  append_rows(imported, model);
  validate(imported.instance);
  return imported;
}

}  // namespace fathom::lp
