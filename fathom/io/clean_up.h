// The rules by which the Hugging Face library tidies decoded English ("clean_up_tokenization_spaces"): each of
//   " ." " ?" " !" " ,"   loses its space,    " ' " becomes "'",    " n't" " 'm" " 's" " 've" " 're"   lose theirs,
// one rule over the whole text after the other, in this order.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fathom::io {

std::string clean_up(std::string_view text);

// A text that is still growing: bytes at its beginning, up to all, that are cleaned up alike whatever follows. That is
//   clean_up(text + more) = clean_up(text[0, n)) + clean_up(text[n, ...) + more).
// What stays behind is the last word or less.
std::size_t settled_bytes(std::string_view text);

}  // namespace fathom::io
