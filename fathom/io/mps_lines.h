// The lines of an MPS file and the fields of each, in either format. Internal to the reader (mps.h states the rules).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace fathom::io {

enum class MpsFormat { free, fixed };
enum class MpsSection { none, name, objsense, rows, columns, rhs, ranges, bounds, endata };

// A data line by meaning. ROWS: code, name. COLUMNS, RHS, RANGES: name (the column or the set), one or two pairs of row
// and number. BOUNDS: code, name (the set), one pair of column and number (empty for FR, MI, PL, BV).
struct MpsFields {
  struct Pair {
    std::string_view name, number;
  };
  std::string_view code, name;
  std::array<Pair, 2> pairs;
  int pair_count = 0;
};

std::vector<std::string_view> words_of(std::string_view line);

// True when every data line keeps to the columns of the fixed format.
bool fits_fixed_format(std::string_view text);

// Walks over the lines that are neither blank nor comments. Views point into `text`.
class MpsLines {
 public:
  MpsLines(std::string_view text, std::string_view origin, MpsFormat format);

  bool next();  // false at the end
  bool is_header() const { return line_[0] != ' ' && line_[0] != '\t'; }
  std::string_view line() const { return line_; }  // without trailing blanks
  void enter(MpsSection section) { section_ = section; }
  MpsSection section() const { return section_; }
  MpsFields fields() const;

  // Throws Error "[io::parse_mps] origin:line (SECTION): text".
  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    refuse_text(fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  [[noreturn]] void refuse_text(const std::string& text) const;
  MpsFields free_fields() const;
  MpsFields fixed_fields() const;
  MpsFields free_bound(const std::vector<std::string_view>& words) const;

  std::string_view rest_, origin_, line_;
  MpsFormat format_;
  MpsSection section_ = MpsSection::none;
  int number_ = 0;
};

std::string_view text_of(MpsSection section);
MpsSection section_of(std::string_view word);  // none for an unknown word

// Bound types that need no number.
bool is_numberless(std::string_view bound_type);

}  // namespace fathom::io
