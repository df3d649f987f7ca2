#include "fathom/report/check_table.h"

#include <cmath>

#include "fathom/report/number_text.h"

namespace fathom::report {

std::string required(const base::Check& check) {
  const std::string bound = significant(check.bound);
  if (!std::isfinite(check.value) || !std::isfinite(check.bound) || check.value == check.bound) return bound;
  return ((check.value < check.bound) == check.ok ? "≤ " : "≥ ") + bound;
}

base::Table check_table(const std::vector<base::Check>& checks) {
  base::Table table{"", {"claim", "result", "value", "required"}, {}};
  for (const base::Check& check : checks) {
    table.rows.push_back({check.name, check.ok ? "holds" : "FAILS", significant(check.value), required(check)});
  }
  return table;
}

}  // namespace fathom::report
