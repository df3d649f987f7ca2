// Text as UTF-8: which bytes are characters, and which never will be.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fathom::base {

// Bytes before the first that belongs to no character: text.size() when all of it is UTF-8. Overlong forms, surrogates
// and what is beyond U+10FFFF are no characters.
std::size_t valid_utf8_bytes(std::string_view text);

// Bytes at the end, 0 to 3, that may begin a character whose rest is still to come.
std::size_t unfinished_utf8_bytes(std::string_view bytes);

// Every maximal part that begins no character becomes one U+FFFD (Unicode, chapter 3.9, "substitution of maximal
// subparts").
std::string replace_invalid_utf8(std::string_view bytes);

// The character at the beginning and at the end of UTF-8 text that is not empty; U+FFFD for a byte that begins none.
char32_t first_character(std::string_view text);
char32_t last_character(std::string_view text);

// Where the last character begins.
std::size_t last_character_begin(std::string_view text);

// Bytes of the character at the beginning of UTF-8 text that is not empty.
std::size_t first_character_bytes(std::string_view text);

// Unicode's White_Space, and what Python's split() and strip() take for it: U+001C to U+001F too.
bool is_space(char32_t character);
bool is_python_space(char32_t character);

}  // namespace fathom::base
