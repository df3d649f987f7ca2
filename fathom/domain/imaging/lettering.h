// Lines of printed characters, for drawn pictures: thin strokes and right angles, which discs have not.
//
// A character is 5 x 7 cells of `scale` pixels, one cell of space after it.
#pragma once

#include <cstdint>

namespace fathom::imaging {

inline constexpr std::int64_t kGlyphWidth = 5, kGlyphHeight = 7;
inline constexpr const char* kAlphabet = "0123456789ABCDEF";

// Whether the cell of character kAlphabet[which] is printed. Valid: which in [0, 16), row in [0, 7), column in [0, 5).
bool is_ink(std::int64_t which, std::int64_t row, std::int64_t column);

}  // namespace fathom::imaging
