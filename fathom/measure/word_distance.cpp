#include "fathom/measure/word_distance.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "fathom/base/utf8.h"

namespace fathom::measure {
namespace {

// Words as numbers, the same for equal words.
class Numbering {
 public:
  std::vector<std::size_t> of(const std::vector<std::string_view>& words) {
    std::vector<std::size_t> numbers;
    for (const std::string_view word : words)
      numbers.push_back(number_.try_emplace(word, number_.size()).first->second);
    return numbers;
  }

 private:
  std::unordered_map<std::string_view, std::size_t> number_;
};

}  // namespace

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  std::size_t begin = 0, at = 0;
  const auto end_word = [&] {
    if (begin < at) found.push_back(text.substr(begin, at - begin));
  };
  while (at < text.size()) {
    const std::size_t bytes = base::first_character_bytes(text.substr(at));
    if (!base::is_python_space(base::first_character(text.substr(at)))) {
      at += bytes;
      continue;
    }
    end_word();
    begin = at += bytes;
  }
  end_word();
  return found;
}

std::int64_t word_levenshtein(std::string_view a, std::string_view b) {
  Numbering numbering;
  const std::vector<std::size_t> left = numbering.of(words(a)), right = numbering.of(words(b));
  std::vector<std::int64_t> row(right.size() + 1);  // distances of the words of a so far to every beginning of b
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::int64_t diagonal = std::exchange(row[0], static_cast<std::int64_t>(i) + 1);
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::int64_t exchanged = diagonal + (left[i] != right[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({exchanged, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace fathom::measure
