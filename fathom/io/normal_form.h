// The four normal forms of Unicode text (UAX 15): canonical or compatible, decomposed or composed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom::io {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

// "NFC", ...; nothing for another word.
std::optional<NormalForm> normal_form_from(std::string_view name);

// The text must be UTF-8. Differs: characters younger than the installed utf8proc knows stay as they are.
std::string normalized(std::string_view text, NormalForm form);

}  // namespace fathom::io
