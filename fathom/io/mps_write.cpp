#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/mps.h"

namespace fathom::io {
namespace {

constexpr std::string_view kPlace = "io::to_mps";

void check_name(std::string_view name) {
  const bool plain = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (name.empty() || !plain || name == "'MARKER'") {
    base::fail(kPlace, "name '{}' cannot stand in free format; use a word", excerpt(name));
  }
}

class MpsWriter {
 public:
  explicit MpsWriter(const MpsModel& model) : m_(model) { check(); }

  std::string text() {
    out_ = fmt::format("NAME {} FREE\n", m_.name);
    if (m_.maximize) out_ += "OBJSENSE\n MAX\n";
    write_rows();
    write_columns();
    write_rhs();
    write_ranges();
    write_bounds();
    return out_ + "ENDATA\n";
  }

 private:
  void check() const {
    const std::size_t rows = m_.row_names.size(), columns = m_.column_names.size();
    const bool whole = m_.row_sense.size() == rows && m_.row_lower.size() == rows && m_.row_upper.size() == rows &&
                       m_.objective.size() == columns && m_.lower.size() == columns && m_.upper.size() == columns &&
                       m_.integer.size() == columns && m_.entry_row.size() == m_.entry_value.size() &&
                       m_.entry_column.size() == m_.entry_value.size();
    if (!whole) base::fail(kPlace, "the lists of model '{}' differ in length", excerpt(m_.name));
    if (m_.name.find_first_of("\r\n") != m_.name.npos) base::fail(kPlace, "model name has a line break");
    check_name(m_.objective_name);
    std::for_each(m_.row_names.begin(), m_.row_names.end(), check_name);
    std::for_each(m_.column_names.begin(), m_.column_names.end(), check_name);
    for (std::size_t i = 0; i < rows; ++i) check_row(i);
    for (std::size_t j = 0; j < columns; ++j) check_bounds(j);
    check_finite("objective_constant", {m_.objective_constant});
    check_finite("objective", m_.objective);
    check_finite("entry_value", m_.entry_value);
  }

  static void check_finite(std::string_view what, const std::vector<double>& values) {
    for (const double value : values) {
      base::require(std::isfinite(value), kPlace, what, value, "finite", "check the model");
    }
  }

  void check_bounds(std::size_t j) const {
    const double low = m_.lower[j], high = m_.upper[j];
    const bool fits = low < std::numeric_limits<double>::infinity() && high > -std::numeric_limits<double>::infinity();
    if (!fits) base::fail(kPlace, "column '{}' cannot have bounds [{}, {}]", m_.column_names[j], low, high);
  }

  void check_row(std::size_t i) const {
    const double low = m_.row_lower[i], high = m_.row_upper[i];
    const char sense = m_.row_sense[i];
    const bool fits = (sense == 'L' && std::isfinite(high)) || (sense == 'G' && std::isfinite(low)) ||
                      (sense == 'E' && std::isfinite(low) && std::isfinite(high));
    if (!fits || !(low <= high)) {
      base::fail(kPlace, "row '{}' of type {} cannot have bounds [{}, {}]", m_.row_names[i], sense, low, high);
    }
  }

  double rhs(std::size_t i) const { return m_.row_sense[i] == 'L' ? m_.row_upper[i] : m_.row_lower[i]; }

  void write_rows() {
    out_ += fmt::format("ROWS\n N {}\n", m_.objective_name);
    for (std::size_t i = 0; i < m_.row_names.size(); ++i) {
      out_ += fmt::format(" {} {}\n", m_.row_sense[i], m_.row_names[i]);
    }
  }

  void write_columns() {
    out_ += "COLUMNS\n";
    std::size_t k = 0;
    for (std::size_t j = 0; j < m_.column_names.size(); ++j) {
      mark_integers(j);
      const std::size_t first = k;
      for (; k < m_.entry_value.size() && m_.entry_column[k] == static_cast<std::int64_t>(j); ++k) write_entry(j, k);
      if (m_.objective[j] != 0 || k == first) {
        out_ += fmt::format(" {} {} {}\n", m_.column_names[j], m_.objective_name, m_.objective[j]);
      }
    }
    if (k != m_.entry_value.size()) base::fail(kPlace, "the triplets are not in column order at {}", k);
  }

  void write_entry(std::size_t j, std::size_t k) {
    const std::int64_t row = m_.entry_row[k];
    if (row < 0 || row >= static_cast<std::int64_t>(m_.row_names.size())) {
      base::fail(kPlace, "entry_row[{}] = {} violates [0, {})", k, row, m_.row_names.size());
    }
    const std::string& name = m_.row_names[static_cast<std::size_t>(row)];
    out_ += fmt::format(" {} {} {}\n", m_.column_names[j], name, m_.entry_value[k]);
  }

  void mark_integers(std::size_t j) {
    const bool before = j > 0 && m_.integer[j - 1];
    if (m_.integer[j] == before) return;
    out_ += fmt::format(" M{} 'MARKER' '{}'\n", j, m_.integer[j] ? "INTORG" : "INTEND");
  }

  void write_rhs() {
    out_ += "RHS\n";
    if (m_.objective_constant != 0) out_ += fmt::format(" RHS {} {}\n", m_.objective_name, 0 - m_.objective_constant);
    for (std::size_t i = 0; i < m_.row_names.size(); ++i) {
      if (rhs(i) != 0) out_ += fmt::format(" RHS {} {}\n", m_.row_names[i], rhs(i));
    }
  }

  bool both_finite(std::size_t i) const { return std::isfinite(m_.row_lower[i]) && std::isfinite(m_.row_upper[i]); }

  void write_ranges() {
    out_ += "RANGES\n";
    for (std::size_t i = 0; i < m_.row_names.size(); ++i) {
      const double width = m_.row_upper[i] - m_.row_lower[i];
      const bool ranged = m_.row_sense[i] == 'E' ? width > 0 : both_finite(i);
      if (ranged && std::isinf(width)) base::fail(kPlace, "the range of row '{}' is too wide", m_.row_names[i]);
      if (ranged) out_ += fmt::format(" RNG {} {}\n", m_.row_names[i], width);
    }
  }

  void write_bounds() {
    out_ += "BOUNDS\n";
    for (std::size_t j = 0; j < m_.column_names.size(); ++j) write_bound(m_.column_names[j], m_.lower[j], m_.upper[j]);
  }

  void write_bound(const std::string& name, double low, double high) {
    if (low == high) {
      out_ += fmt::format(" FX BND {} {}\n", name, low);
      return;
    }
    if (std::isinf(low))
      out_ += fmt::format(" MI BND {}\n", name);
    else if (low != 0 || high < 0)
      out_ += fmt::format(" LO BND {} {}\n", name, low);
    if (std::isfinite(high)) out_ += fmt::format(" UP BND {} {}\n", name, high);
  }

  const MpsModel& m_;
  std::string out_;
};

}  // namespace

std::string to_mps(const MpsModel& model) { return MpsWriter(model).text(); }

}  // namespace fathom::io
