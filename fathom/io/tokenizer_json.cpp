#include "fathom/io/tokenizer_json.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "fathom/base/error.h"
#include "fathom/io/byte_alphabet.h"
#include "fathom/io/excerpt.h"
#include "fathom/io/json_parse.h"

namespace fathom::io {
namespace {

using nlohmann::json;
constexpr std::string_view kPlace = "io::parse_tokenizer_json";
constexpr std::size_t kAddedTokenLimit = 4096;  // what looking for them may cost for a byte of text

// Reads fields of the document; every refusal names the file and the field.
class Document {
 public:
  explicit Document(std::string_view origin) : origin_(origin) {}

  std::string_view origin() const { return origin_; }

  template <class... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    base::fail(kPlace, "{}: {}", origin_, excerpt(fmt::format(format, std::forward<Args>(args)...), 300));
  }

  // Null when absent or null.
  const json* find(const json& in, const char* key) const {
    if (!in.is_object()) refuse("what should hold '{}' is not an object", key);
    const auto found = in.find(key);
    return found == in.end() || found->is_null() ? nullptr : &*found;
  }

  const json& at(const json& in, const char* key) const {
    if (const json* found = find(in, key)) return *found;
    refuse("'{}' is missing", key);
  }

  const std::string& text(const json& in, const char* key) const { return as_text(at(in, key), key); }

  const std::string& as_text(const json& value, const char* what) const {
    if (!value.is_string()) refuse("'{}' holds {}, not a text", what, shown(value));
    return value.get_ref<const std::string&>();
  }

  bool flag(const json& in, const char* key, bool otherwise) const {
    const json* found = find(in, key);
    if (!found) return otherwise;
    if (!found->is_boolean()) refuse("'{}' = {} is not true or false", key, shown(*found));
    return found->get<bool>();
  }

  const json& list(const json& in, const char* key) const {
    const json& found = at(in, key);
    if (!found.is_array()) refuse("'{}' is not a list", key);
    return found;
  }

  std::int64_t id(const json& value, std::string_view of) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > static_cast<std::uint64_t>(kTokenIdLimit)) {
      refuse("id {} of '{}' violates 0 <= id <= {}", shown(value), excerpt(of), kTokenIdLimit);
    }
    return value.get<std::int64_t>();
  }

  static std::string shown(const json& value) {
    return value.is_structured() ? (value.is_object() ? "an object" : "a list") : excerpt(value.dump());
  }

 private:
  std::string_view origin_;
};

// Calls visit with the members of a Sequence (under `key`), with the part itself otherwise, and not for null.
template <class Visit>
void for_each_part(const Document& file, const json* part, const char* key, Visit visit) {
  if (!part) return;
  if (file.text(*part, "type") != "Sequence") return visit(*part, true);
  const json& members = file.list(*part, key);
  for (std::size_t i = 0; i < members.size(); ++i) visit(members[i], i + 1 == members.size());
}

std::vector<NormalForm> normal_forms(const Document& file, const json& root) {
  std::vector<NormalForm> forms;
  for_each_part(file, file.find(root, "normalizer"), "normalizers", [&](const json& part, bool) {
    const std::string& type = file.text(part, "type");
    const auto form = normal_form_from(type);
    if (!form) file.refuse("normalizer '{}' is not one of NFC NFD NFKC NFKD", type);
    forms.push_back(*form);
  });
  return forms;
}

SplitBehaviour behaviour_of(const Document& file, const std::string& name) {
  if (name == "Removed") return SplitBehaviour::removed;
  if (name == "Isolated") return SplitBehaviour::isolated;
  if (name == "MergedWithPrevious") return SplitBehaviour::merged_with_previous;
  if (name == "MergedWithNext") return SplitBehaviour::merged_with_next;
  if (name == "Contiguous") return SplitBehaviour::contiguous;
  file.refuse("behavior '{}' is not one of Removed Isolated MergedWithPrevious MergedWithNext Contiguous", name);
}

std::variant<std::string, Regex> pattern_of(const Document& file, const json& pattern) {
  if (const json* literal = file.find(pattern, "String")) {
    const std::string& text = file.as_text(*literal, "String");
    if (text.empty()) file.refuse("the text that a Split looks for is empty");
    return text;
  }
  return Regex(file.text(pattern, "Regex"), file.origin());
}

void add_byte_level(const Document& file, const json& part, bool last, std::vector<PreTokenizerStep>& steps) {
  if (!last) file.refuse("ByteLevel is not the last pre-tokenizer; steps after it are not read");
  if (file.flag(part, "add_prefix_space", true)) steps.emplace_back(PrefixSpace{});
  if (file.flag(part, "use_regex", true)) steps.emplace_back(Split{Regex(kGpt2Pattern, file.origin())});
}

std::vector<PreTokenizerStep> pre_tokenizer(const Document& file, const json& root) {
  std::vector<PreTokenizerStep> steps;
  bool byte_level = false;
  for_each_part(file, file.find(root, "pre_tokenizer"), "pretokenizers", [&](const json& part, bool last) {
    const std::string& type = file.text(part, "type");
    byte_level = type == "ByteLevel";
    if (byte_level) {
      add_byte_level(file, part, last, steps);
    } else if (type == "Split") {
      steps.emplace_back(Split{pattern_of(file, file.at(part, "pattern")),
                               behaviour_of(file, file.text(part, "behavior")), file.flag(part, "invert", false)});
    } else if (type == "Digits") {
      const bool each = file.flag(part, "individual_digits", false);
      steps.emplace_back(
          Split{Regex(R"(\p{N})", file.origin()), each ? SplitBehaviour::isolated : SplitBehaviour::contiguous});
    } else {
      file.refuse("pre-tokenizer '{}' is not one of Split Digits ByteLevel", type);
    }
  });
  if (!byte_level) file.refuse("the pre-tokenizer does not end with ByteLevel; only byte-level files are read");
  return steps;
}

// Every token by the text that the file has for it, and by its id.
class Names {
 public:
  explicit Names(const Document& file) : file_(file) {}

  void reserve(std::size_t count) {
    ids_.reserve(count);
    names_.reserve(count);
  }

  void add(const std::string& name, std::int64_t id) {
    const auto [holder, fresh] = names_.try_emplace(id, name);
    if (!fresh && holder->second != name) {
      file_.refuse("id {} is given to '{}' and to '{}'", id, excerpt(holder->second), excerpt(name));
    }
    const auto [known, first] = ids_.try_emplace(name, id);
    if (!first && known->second != id) {
      file_.refuse("'{}' has the ids {} and {}", excerpt(name), known->second, id);
    }
  }

  bool has(std::int64_t id) const { return names_.contains(id); }

  std::int32_t id_of(const std::string& name, const char* what) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) file_.refuse("{} '{}' is not in the vocabulary", what, excerpt(name));
    return static_cast<std::int32_t>(found->second);
  }

 private:
  const Document& file_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::unordered_map<std::int64_t, std::string> names_;
};

void read_vocabulary(const Document& file, const json& model, Names& names, TokenizerParts& parts) {
  const json& vocabulary = file.at(model, "vocab");
  if (!vocabulary.is_object()) file.refuse("'vocab' is not an object");
  names.reserve(vocabulary.size());
  for (const auto& [name, value] : vocabulary.items()) {
    const std::int64_t id = file.id(value, name);
    names.add(name, id);
    const auto bytes = bytes_of_token(name);
    (bytes ? parts.vocabulary : parts.outside).push_back({bytes.value_or(name), static_cast<std::int32_t>(id)});
  }
}

// "a b" or ["a", "b"].
std::pair<std::string, std::string> pair_of(const Document& file, const json& merge) {
  if (merge.is_array() && merge.size() == 2)
    return {file.as_text(merge[0], "merges"), file.as_text(merge[1], "merges")};
  if (!merge.is_string()) file.refuse("'merges' holds {}, not a text or a pair", Document::shown(merge));
  const std::string& text = merge.get_ref<const std::string&>();
  const auto space = text.find(' ');
  if (space == text.npos || text.find(' ', space + 1) != text.npos) {
    file.refuse("merge '{}' is not two tokens with a space between", excerpt(text));
  }
  return {text.substr(0, space), text.substr(space + 1)};
}

void read_merges(const Document& file, const json& model, const Names& names, TokenizerParts& parts) {
  for (const json& merge : file.list(model, "merges")) {
    const auto [left, right] = pair_of(file, merge);
    parts.merges.push_back({names.id_of(left, "merged token"), names.id_of(right, "merged token"),
                            names.id_of(left + right, "the product of a merge,")});
  }
}

// Features of other BPE files that would change every result.
void refuse_foreign(const Document& file, const json& model) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json* found = file.find(model, key);
    if (found && !file.as_text(*found, key).empty()) file.refuse("'{}' is not read; only byte-level files are", key);
  }
  for (const char* key : {"byte_fallback", "fuse_unk"}) {
    if (file.flag(model, key, false)) file.refuse("'{}' is not read; only byte-level files are", key);
  }
  if (const json* dropout = file.find(model, "dropout"); dropout && *dropout != 0.) {
    file.refuse("'dropout' = {} would make encoding random; set it to null", Document::shown(*dropout));
  }
}

void read_model(const Document& file, const json& root, Names& names, TokenizerParts& parts) {
  const json& model = file.at(root, "model");
  const json* type = file.find(model, "type");  // older files name none
  if (type && *type != "BPE") file.refuse("model {} is not BPE", Document::shown(*type));
  refuse_foreign(file, model);
  read_vocabulary(file, model, names, parts);
  read_merges(file, model, names, parts);
  parts.bpe.ignore_merges = file.flag(model, "ignore_merges", false);
  const json* unknown = file.find(model, "unk_token");
  const std::string unknown_name = unknown ? file.as_text(*unknown, "unk_token") : "";
  if (!unknown_name.empty()) parts.bpe.unknown = names.id_of(unknown_name, "unk_token");
}

AddedToken added_token(const Document& file, const json& entry) {
  AddedToken token;
  token.content = file.text(entry, "content");
  if (token.content.empty() || token.content.size() > kAddedTokenLimit) {
    file.refuse("an added token of {} bytes violates 1 .. {}", token.content.size(), kAddedTokenLimit);
  }
  token.id = file.id(file.at(entry, "id"), token.content);
  token.special = file.flag(entry, "special", false);
  token.normalized = file.flag(entry, "normalized", !token.special);
  token.single_word = file.flag(entry, "single_word", false);
  token.lstrip = file.flag(entry, "lstrip", false);
  token.rstrip = file.flag(entry, "rstrip", false);
  return token;
}

void read_added(const Document& file, const json& root, Names& names, TokenizerParts& parts) {
  if (!file.find(root, "added_tokens")) return;
  std::unordered_set<std::string> seen;
  for (const json& entry : file.list(root, "added_tokens")) {
    AddedToken token = added_token(file, entry);
    names.add(token.content, token.id);
    if (!seen.insert(token.content).second) file.refuse("added token '{}' is listed twice", excerpt(token.content));
    parts.added.push_back(std::move(token));
  }
}

// The ids of one special token of a template.
void add_ids(const Document& file, const json& processor, const Names& names, const std::string& name,
             std::vector<std::int64_t>& ids) {
  const json* token = file.find(file.at(processor, "special_tokens"), name.c_str());
  if (!token) file.refuse("template token '{}' is not among its special_tokens", excerpt(name));
  for (const json& value : file.list(*token, "ids")) {
    const std::int64_t id = file.id(value, name);
    if (!names.has(id)) file.refuse("template token '{}' has id {}, which is no token", excerpt(name), id);
    ids.push_back(id);
  }
}

void read_template(const Document& file, const json& processor, const Names& names, TokenizerParts& parts) {
  bool past_text = false;
  for (const json& part : file.list(processor, "single")) {
    if (const json* token = file.find(part, "SpecialToken")) {
      add_ids(file, processor, names, file.text(*token, "id"), past_text ? parts.suffix : parts.prefix);
      continue;
    }
    if (file.text(file.at(part, "Sequence"), "id") != "A" || past_text) {
      file.refuse("the template of a single text holds more than one text");
    }
    past_text = true;
  }
  if (!past_text) file.refuse("the template of a single text leaves the text out");
}

void read_post_processor(const Document& file, const json& root, const Names& names, TokenizerParts& parts) {
  bool templated = false;
  for_each_part(file, file.find(root, "post_processor"), "processors", [&](const json& part, bool) {
    const std::string& type = file.text(part, "type");
    if (type == "ByteLevel") return;  // is about offsets only
    if (type != "TemplateProcessing") file.refuse("post-processor '{}' is not ByteLevel or TemplateProcessing", type);
    if (std::exchange(templated, true)) file.refuse("two TemplateProcessing post-processors");
    read_template(file, part, names, parts);
  });
}

void check_decoder(const Document& file, const json& root) {
  bool byte_level = false;
  for_each_part(file, file.find(root, "decoder"), "decoders", [&](const json& part, bool) {
    const std::string& type = file.text(part, "type");
    if (type != "ByteLevel" || byte_level) file.refuse("decoder '{}' is not a single ByteLevel", type);
    byte_level = true;
  });
  if (!byte_level) file.refuse("there is no ByteLevel decoder; only byte-level files are read");
}

}  // namespace

TokenizerParts parse_tokenizer_json(std::string_view text, std::string_view origin) {
  const json root = parse_json(text, kPlace, origin);
  const Document file(origin);
  Names names(file);
  TokenizerParts parts;
  parts.normal_forms = normal_forms(file, root);
  parts.pre_tokenizer = pre_tokenizer(file, root);
  read_model(file, root, names, parts);
  read_added(file, root, names, parts);
  read_post_processor(file, root, names, parts);
  check_decoder(file, root);
  return parts;
}

}  // namespace fathom::io
