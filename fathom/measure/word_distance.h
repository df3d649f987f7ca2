// How far two texts are apart, counted in words: the fewest insertions, deletions and exchanges of a word that turn one
// list into the other [Levenshtein1966]. Words are what white space separates.
// Cost: words(a) * words(b) comparisons of numbers; memory words(b).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fathom::measure {

// As Python's str.split(): runs of Unicode white space separate, none gives an empty word. Bytes that are not UTF-8
// belong to words.
std::vector<std::string_view> words(std::string_view text);

std::int64_t word_levenshtein(std::string_view a, std::string_view b);

}  // namespace fathom::measure
