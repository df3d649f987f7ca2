// Dialogues in the words that Huginn-0125 was trained on (the chat template of its tokenizer_config.json, which is a
// program in a language of its own and hence written out here):
//   <|begin_text|>, then for every message  <|begin_header|>ROLE<|end_header|>\n\nCONTENT<|end_turn|>
// CONTENT without white space at its ends; the role "assistant" is called "Huginn".
// The texts are encoded without the tokenizer's template: Tokenizer::encode(chat_prompt(messages), false).
// As in the reference nothing is escaped: a content that spells a special token becomes one.
#pragma once

#include <string>
#include <vector>

namespace fathom::llm {

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

// The dialogue so far and the header of the model's answer. Throws Error when there is no message.
std::string chat_prompt(const std::vector<ChatMessage>& messages);

// The whole dialogue, ended by <|end_text|>: a text to train on.
std::string chat_text(const std::vector<ChatMessage>& messages);

// What ends an answer, as text.
std::vector<std::string> chat_stops();

}  // namespace fathom::llm
