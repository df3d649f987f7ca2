// What regular expressions call a character of words.
#pragma once

namespace fathom::io {

bool is_word(char32_t character);  // \w: Alphabetic, marks, decimal digits, connectors, the zero-width joiners

}  // namespace fathom::io
