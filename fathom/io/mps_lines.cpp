#include "fathom/io/mps_lines.h"

#include <algorithm>

#include "fathom/base/error.h"
#include "fathom/io/excerpt.h"

namespace fathom::io {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view trim_end(std::string_view text) { return text.substr(0, text.find_last_not_of(kBlanks) + 1); }

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  return trim_end(line);
}

bool is_skipped(std::string_view line) { return line.empty() || line[0] == '*'; }

// The six fields of the fixed format: first column (from 0) and width.
struct Slot {
  std::size_t begin, width;
};
constexpr Slot kSlots[] = {{1, 2}, {4, 8}, {14, 8}, {24, 12}, {39, 8}, {49, 12}};
constexpr std::size_t kFixedWidth = 61;

std::string_view slice(std::string_view line, Slot slot) {
  return slot.begin < line.size() ? trim(line.substr(slot.begin, slot.width)) : std::string_view{};
}

bool is_in_slot(std::size_t column) {
  return std::any_of(std::begin(kSlots), std::end(kSlots),
                     [&](Slot slot) { return column >= slot.begin && column < slot.begin + slot.width; });
}

bool keeps_to_slots(std::string_view line) {
  if (line.size() > kFixedWidth || line.find('\t') != line.npos) return false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != ' ' && !is_in_slot(i)) return false;
  }
  return true;
}

constexpr std::string_view kSections[] = {"",    "NAME",   "OBJSENSE", "ROWS",  "COLUMNS",
                                          "RHS", "RANGES", "BOUNDS",   "ENDATA"};

}  // namespace

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto begin = line.find_first_not_of(kBlanks); begin != line.npos;) {
    const auto end = std::min(line.find_first_of(kBlanks, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return words;
}

bool fits_fixed_format(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (is_skipped(line) || line[0] != ' ' || line.find("'MARKER'") != line.npos) continue;
    if (!keeps_to_slots(line)) return false;
  }
  return true;
}

std::string_view text_of(MpsSection section) { return kSections[static_cast<std::size_t>(section)]; }

MpsSection section_of(std::string_view word) {
  const auto* const found = std::find(std::begin(kSections), std::end(kSections), word);
  return found == std::end(kSections) ? MpsSection::none : static_cast<MpsSection>(found - std::begin(kSections));
}

bool is_numberless(std::string_view type) { return type == "FR" || type == "MI" || type == "PL" || type == "BV"; }

MpsLines::MpsLines(std::string_view text, std::string_view origin, MpsFormat format)
    : rest_(text), origin_(origin), format_(format) {}

bool MpsLines::next() {
  while (!rest_.empty()) {
    line_ = take_line(rest_);
    ++number_;
    if (!is_skipped(line_)) return true;
  }
  return false;
}

void MpsLines::refuse_text(const std::string& text) const {
  const std::string_view place = section_ == MpsSection::none ? "before the first section" : text_of(section_);
  base::fail("io::parse_mps", "{}:{} ({}): {}", origin_, number_, place, excerpt(text, 400));
}

MpsFields MpsLines::fields() const { return format_ == MpsFormat::free ? free_fields() : fixed_fields(); }

MpsFields MpsLines::free_fields() const {
  const auto words = words_of(line_);
  if (section_ == MpsSection::rows) {
    if (words.size() != 2) refuse("{} fields, a row has 2: its type and its name", words.size());
    return {words[0], words[1], {}, 0};
  }
  if (section_ == MpsSection::bounds) return free_bound(words);
  const bool named = words.size() % 2 == 1;
  if (words.size() < 2 || words.size() > 5 || (section_ == MpsSection::columns && !named)) {
    refuse("{} fields, expected a name and one or two pairs of row and number", words.size());
  }
  MpsFields fields;
  if (named) fields.name = words[0];
  for (std::size_t i = named ? 1 : 0; i < words.size(); i += 2) {
    fields.pairs[static_cast<std::size_t>(fields.pair_count++)] = {words[i], words[i + 1]};
  }
  return fields;
}

// type [set] column [number], the number absent for the types that need none.
MpsFields MpsLines::free_bound(const std::vector<std::string_view>& words) const {
  const bool numberless = is_numberless(words[0]);
  if (words.size() == 4) return {words[0], words[1], {{{words[2], words[3]}, {}}}, 1};
  if (words.size() == 3 && numberless) return {words[0], words[1], {{{words[2], {}}, {}}}, 1};
  if (words.size() == 3) return {words[0], {}, {{{words[1], words[2]}, {}}}, 1};
  if (words.size() == 2 && numberless) return {words[0], {}, {{{words[1], {}}, {}}}, 1};
  refuse("{} fields, a bound has a type, a set, a column and a number", words.size());
}

MpsFields MpsLines::fixed_fields() const {
  std::array<std::string_view, 6> f;
  std::transform(std::begin(kSlots), std::end(kSlots), f.begin(), [&](Slot slot) { return slice(line_, slot); });
  const bool coded = section_ == MpsSection::rows || section_ == MpsSection::bounds;
  if (coded == f[0].empty()) refuse("'{}' at columns 2-3 where a type {} expected", f[0], coded ? "is" : "is not");
  MpsFields fields{f[0], f[1], {{{f[2], f[3]}, {f[4], f[5]}}}, 0};
  if (section_ == MpsSection::rows) {
    if (f[1].empty() || !f[2].empty()) refuse("a row has a type at columns 2-3 and a name at columns 5-12, no more");
    return fields;
  }
  fields.pair_count = f[4].empty() && f[5].empty() ? 1 : 2;
  if (f[2].empty() || (fields.pair_count == 2 && (f[4].empty() || section_ == MpsSection::bounds))) {
    refuse("expected a name at columns 15-22 and a number at 25-36, then perhaps the same at 40-47 and 50-61");
  }
  return fields;
}

}  // namespace fathom::io
