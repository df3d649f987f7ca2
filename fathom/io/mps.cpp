#include "fathom/io/mps.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>

#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/io/mps_lines.h"

namespace fathom::io {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kInfiniteBound = 1e30;
constexpr std::size_t kNameLimit = 255;
constexpr std::size_t kSuggestionLimit = 2'000;  // beyond so many names, none is suggested
constexpr std::int64_t kObjective = -1, kDropped = -2;

std::string upper_case(std::string_view word) {
  std::string upper(word);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

// A line of ROWS and what later sections say of it.
struct Row {
  std::int64_t index;  // in the model, or kObjective, or kDropped
  std::int64_t last_column = -1;
  std::optional<double> rhs, range;
};

// The bounds that BOUNDS gives; what it leaves open is decided at the end.
struct GivenBounds {
  std::optional<double> lower, upper;
};

using Index = std::unordered_map<std::string_view, std::size_t>;

// Reads the whole text once in one format.
class MpsReader {
 public:
  MpsReader(std::string_view text, std::string_view origin, MpsFormat format) : lines_(text, origin, format) {}

  MpsModel read() {
    while (lines_.next()) {
      if (lines_.is_header())
        open_section();
      else
        read_data();
      if (lines_.section() == MpsSection::endata) return finish();
    }
    if (lines_.section() == MpsSection::none) lines_.refuse("no section at all; the file is empty or no MPS file");
    lines_.refuse("the file ends without ENDATA; it is truncated");
  }

 private:
  void open_section() {
    const auto words = words_of(lines_.line());
    const MpsSection section = section_of(words[0]);
    if (section == MpsSection::none) {
      lines_.refuse("unknown section '{}'; known: NAME OBJSENSE ROWS COLUMNS RHS RANGES BOUNDS ENDATA", words[0]);
    }
    if (!seen_.insert(section).second) lines_.refuse("section {} appears twice", words[0]);
    check_order(section);
    lines_.enter(section);
    if (section == MpsSection::name)
      read_name(words);
    else if (section == MpsSection::objsense && words.size() == 2)
      read_sense(words[1]);
    else if (words.size() > 1)
      lines_.refuse("'{}' after the section's name", words[1]);
  }

  void check_order(MpsSection section) const {
    using enum MpsSection;
    const bool needs_rows = section != name && section != objsense && section != rows;
    const bool needs_columns = needs_rows && section != columns;
    if (needs_rows && !seen_.contains(rows)) lines_.refuse("{} before ROWS", text_of(section));
    if (needs_columns && !seen_.contains(columns)) lines_.refuse("{} before COLUMNS", text_of(section));
    if (needs_rows && model_.objective_name.empty()) lines_.refuse("no N row: the model has no objective");
  }

  void read_name(std::vector<std::string_view> words) {
    if (words.back() == "FREE") words.pop_back();
    if (words.size() < 2) return;
    const char* const end = words.back().data() + words.back().size();
    model_.name = std::string(words[1].data(), end);
  }

  void read_sense(std::string_view word) {
    if (sense_given_) lines_.refuse("a second objective sense '{}'", word);
    sense_given_ = true;
    const std::string sense = upper_case(word);
    model_.maximize = sense == "MAX" || sense == "MAXIMIZE";
    if (!model_.maximize && sense != "MIN" && sense != "MINIMIZE") lines_.refuse("'{}' is neither MIN nor MAX", word);
  }

  void read_data() {
    switch (lines_.section()) {
      case MpsSection::objsense:
        return read_sense(words_of(lines_.line())[0]);
      case MpsSection::rows:
        return read_row(lines_.fields());
      case MpsSection::columns:
        return read_column();
      case MpsSection::rhs:
        return read_rhs(lines_.fields());
      case MpsSection::ranges:
        return read_range(lines_.fields());
      case MpsSection::bounds:
        return read_bound(lines_.fields());
      default:
        lines_.refuse("a data line where a section must begin");
    }
  }

  void read_row(const MpsFields& fields) {
    const std::string_view type = fields.code;
    if (type != "N" && type != "L" && type != "G" && type != "E") {
      lines_.refuse("row type '{}' is not one of N L G E", type);
    }
    check_name(fields.name);
    if (!row_slots_.emplace(fields.name, rows_.size()).second) lines_.refuse("row '{}' appears twice", fields.name);
    if (type != "N") {
      rows_.push_back({static_cast<std::int64_t>(model_.row_names.size()), -1, {}, {}});
      model_.row_names.emplace_back(fields.name);
      model_.row_sense.push_back(type[0]);
    } else {
      rows_.push_back({model_.objective_name.empty() ? kObjective : kDropped, -1, {}, {}});
      if (model_.objective_name.empty()) model_.objective_name = fields.name;
    }
  }

  void read_column() {
    const auto words = words_of(lines_.line());
    if (words.size() == 3 && words[1] == "'MARKER'") return read_marker(words[2]);
    const MpsFields fields = lines_.fields();
    if (model_.column_names.empty() || model_.column_names.back() != fields.name) add_column(fields.name);
    for (int i = 0; i < fields.pair_count; ++i) add_entry(fields.pairs[static_cast<std::size_t>(i)]);
  }

  void read_marker(std::string_view word) {
    if (word != "'INTORG'" && word != "'INTEND'") lines_.refuse("marker {} is neither 'INTORG' nor 'INTEND'", word);
    in_integers_ = word == "'INTORG'";
  }

  void add_column(std::string_view name) {
    check_name(name);
    if (!column_slots_.emplace(name, model_.column_names.size()).second) {
      lines_.refuse("column '{}' appears again after other columns", name);
    }
    model_.column_names.emplace_back(name);
    model_.objective.push_back(0);
    model_.integer.push_back(in_integers_);
    bounds_.emplace_back();
  }

  void add_entry(const MpsFields::Pair& pair) {
    Row& row = row_at(pair.name);
    const double value = finite(pair.number);
    const auto column = static_cast<std::int64_t>(model_.column_names.size()) - 1;
    if (row.last_column == column) {
      lines_.refuse("a second entry of column '{}' in row '{}'", model_.column_names.back(), pair.name);
    }
    row.last_column = column;
    if (row.index == kObjective) model_.objective.back() = value;
    if (row.index < 0) return;
    model_.entry_row.push_back(row.index);
    model_.entry_column.push_back(column);
    model_.entry_value.push_back(value);
  }

  // True when the line belongs to the first set of its section, the one that is used.
  bool in_first_set(std::optional<std::string_view>& first, std::string_view set) const {
    if (!first) first = set;
    return *first == set;
  }

  void read_rhs(const MpsFields& fields) {
    if (!in_first_set(rhs_set_, fields.name)) return;
    for (int i = 0; i < fields.pair_count; ++i) {
      const auto& [name, number] = fields.pairs[static_cast<std::size_t>(i)];
      give(row_at(name).rhs, finite(number), "right-hand side of row", name);
    }
  }

  void read_range(const MpsFields& fields) {
    if (!in_first_set(range_set_, fields.name)) return;
    for (int i = 0; i < fields.pair_count; ++i) {
      const auto& [name, number] = fields.pairs[static_cast<std::size_t>(i)];
      Row& row = row_at(name);
      if (row.index < 0) lines_.refuse("a range on '{}', which is an N row", name);
      give(row.range, finite(number), "range of row", name);
    }
  }

  void read_bound(const MpsFields& fields) {
    if (!in_first_set(bound_set_, fields.name)) return;
    const auto& [name, text] = fields.pairs[0];
    const std::string_view type = fields.code;
    const std::size_t column = at(column_slots_, model_.column_names, "column", name);
    GivenBounds& given = bounds_[column];
    const double value = text.empty() && is_numberless(type) ? 0 : number(text);
    if (type == "BV" || type == "LI" || type == "UI") model_.integer[column] = true;
    if (type == "UP" || type == "UI")
      give_upper(given, value, name);
    else if (type == "LO" || type == "LI")
      give_lower(given, value, name);
    else if (type == "FX")
      give_both(given, value, value, name);
    else if (type == "BV")
      give_both(given, 0, 1, name);
    else if (type == "FR")
      give_both(given, -kInfinity, kInfinity, name);
    else if (type == "MI")
      give_lower(given, -kInfinity, name);
    else if (type == "PL")
      give_upper(given, kInfinity, name);
    else
      lines_.refuse("bound type '{}' is not one of UP LO FX FR MI PL BV LI UI", type);
  }

  void give_lower(GivenBounds& given, double value, std::string_view name) const {
    if (value >= kInfiniteBound) lines_.refuse("the lower bound of column '{}' is +infinity", name);
    give(given.lower, value <= -kInfiniteBound ? -kInfinity : value, "lower bound of column", name);
  }

  void give_upper(GivenBounds& given, double value, std::string_view name) const {
    if (value <= -kInfiniteBound) lines_.refuse("the upper bound of column '{}' is -infinity", name);
    give(given.upper, value >= kInfiniteBound ? kInfinity : value, "upper bound of column", name);
  }

  void give_both(GivenBounds& given, double low, double high, std::string_view name) const {
    give_lower(given, low, name);
    give_upper(given, high, name);
  }

  void give(std::optional<double>& slot, double value, std::string_view what, std::string_view name) const {
    if (slot) lines_.refuse("a second {} '{}'", what, name);
    slot = value;
  }

  Row& row_at(std::string_view name) { return rows_[at(row_slots_, model_.row_names, "row", name)]; }

  std::size_t at(const Index& index, const std::vector<std::string>& names, std::string_view what,
                 std::string_view name) const {
    const auto found = index.find(name);
    if (found != index.end()) return found->second;
    const bool search = names.size() <= kSuggestionLimit && name.size() <= kNameLimit;
    const std::string near = search ? base::nearest(name, names) : "";
    lines_.refuse("unknown {} '{}'{}", what, name, near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }

  void check_name(std::string_view name) const {
    if (name.empty() || name.size() > kNameLimit) {
      lines_.refuse("a name of {} characters; 1 to {} are allowed", name.size(), kNameLimit);
    }
  }

  // A number, perhaps infinite, never NaN.
  double number(std::string_view text) const {
    std::string spelt(text);
    if (const std::size_t d = spelt.find_first_of("dD"); d != std::string::npos) spelt[d] = 'e';  // Fortran's 1.0D+01
    std::string_view digits = spelt;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) lines_.refuse("number '{}' is outside the range of a double", text);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (!whole || text.starts_with("+-") || std::isnan(value)) lines_.refuse("'{}' is not a number", text);
    return value;
  }

  double finite(std::string_view text) const {
    const double value = number(text);
    if (std::isinf(value)) lines_.refuse("'{}' is infinite; only bounds may be", text);
    return value;
  }

  MpsModel finish() {
    for (const Row& row : rows_) {
      if (row.index >= 0) set_row_bounds(row);
      if (row.index == kObjective) model_.objective_constant = row.rhs ? 0 - *row.rhs : 0;
    }
    for (const GivenBounds& given : bounds_) {
      const double upper = given.upper.value_or(kInfinity);
      model_.lower.push_back(given.lower.value_or(upper < 0 ? -kInfinity : 0));
      model_.upper.push_back(upper);
    }
    return std::move(model_);
  }

  // model rows are visited in order, so their bounds are appended.
  void set_row_bounds(const Row& row) {
    const char sense = model_.row_sense[static_cast<std::size_t>(row.index)];
    const double b = row.rhs.value_or(0), width = std::fabs(row.range.value_or(0));
    double low = sense == 'L' ? -kInfinity : b, high = sense == 'G' ? kInfinity : b;
    if (row.range) {
      const bool upward = sense == 'G' || (sense == 'E' && *row.range > 0);
      if (upward)
        high = b + width;
      else
        low = b - width;
    }
    model_.row_lower.push_back(low);
    model_.row_upper.push_back(high);
  }

  MpsLines lines_;
  MpsModel model_;
  std::set<MpsSection> seen_;
  std::vector<Row> rows_;
  std::vector<GivenBounds> bounds_;
  Index row_slots_, column_slots_;
  std::optional<std::string_view> rhs_set_, range_set_, bound_set_;
  bool in_integers_ = false, sense_given_ = false;
};

bool is_declared_free(std::string_view text) {
  MpsLines lines(text, "", MpsFormat::free);
  if (!lines.next()) return false;
  const auto words = words_of(lines.line());
  return words.size() > 1 && words[0] == "NAME" && words.back() == "FREE";
}

}  // namespace

MpsModel parse_mps(std::string_view text, std::string_view origin) {
  try {
    return MpsReader(text, origin, MpsFormat::free).read();
  } catch (const Error&) {
    if (is_declared_free(text) || !fits_fixed_format(text)) throw;
  }
  return MpsReader(text, origin, MpsFormat::fixed).read();
}

MpsModel read_mps(const std::filesystem::path& path) { return parse_mps(base::read_file(path), path.string()); }

}  // namespace fathom::io
