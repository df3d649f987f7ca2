// Two of Unicode's classes of characters, as regular expressions name them.
#pragma once

namespace fathom::io {

bool is_space(char32_t character);  // \s: White_Space
bool is_word(char32_t character);   // \w: Alphabetic, marks, decimal digits, connectors, the zero-width joiners

}  // namespace fathom::io
