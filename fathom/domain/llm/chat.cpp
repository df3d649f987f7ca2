#include "fathom/domain/llm/chat.h"

#include <string_view>

#include "fathom/base/error.h"
#include "fathom/base/utf8.h"

namespace fathom::llm {
namespace {

constexpr std::string_view kBeginText = "<|begin_text|>", kEndText = "<|end_text|>", kEndTurn = "<|end_turn|>";
constexpr std::string_view kModel = "Huginn";

// As the template's filter `trim`.
std::string_view stripped(std::string_view text) {
  while (!text.empty() && base::is_python_space(base::first_character(text)))
    text.remove_prefix(base::first_character_bytes(text));
  while (!text.empty() && base::is_python_space(base::last_character(text)))
    text = text.substr(0, base::last_character_begin(text));
  return text;
}

std::string header(std::string_view role) { return fmt::format("<|begin_header|>{}<|end_header|>\n\n", role); }

std::string turns(const std::vector<ChatMessage>& messages) {
  if (messages.empty()) base::fail("llm::chat", "messages = 0 violates >= 1; give a message of the user");
  std::string text(kBeginText);
  for (const ChatMessage& message : messages) {
    const std::string_view role = message.role == "assistant" ? kModel : std::string_view(message.role);
    text += header(role);
    text += stripped(message.content);
    text += kEndTurn;
  }
  return text;
}

}  // namespace

std::string chat_prompt(const std::vector<ChatMessage>& messages) { return turns(messages) + header(kModel); }

std::string chat_text(const std::vector<ChatMessage>& messages) { return turns(messages) + std::string(kEndText); }

std::vector<std::string> chat_stops() { return {std::string(kEndText), std::string(kEndTurn)}; }

}  // namespace fathom::llm
