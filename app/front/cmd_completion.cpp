// fathom completion: scripts for three shells, made from the parser itself.
#include <algorithm>

#include <CLI/CLI.hpp>

#include "app/front/cmd.h"
#include "app/front/domains.h"
#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::app {

namespace {

// A flag as a shell sees it: what may follow it.
struct Flag {
  enum class Value { none, words, file, other };
  std::string name, help;
  Value value = Value::none;
  std::string words;  // of Value::words, blanks between them
};

// One command as a shell sees it.
struct Words {
  std::string command, summary;
  std::vector<Flag> flags;
  std::vector<std::string> positional;  // the words that may follow; empty: files
};

std::vector<std::string> split(std::string text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = text.find(separator); at != std::string::npos; at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.erase(0, at + 1);
  }
  parts.push_back(text);
  return parts;
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  for (const Domain& domain : domains()) {
    for (const auto& [name, value] : domain.options(kPresets.front()).domain_settings()) names.push_back(name);
  }
  return names;
}

std::string assignments() { return fmt::format("{}=", fmt::join(option_names(), "= ")); }

Flag flag_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  Flag flag{"--" + option.get_lnames().front(), option.get_description(), Flag::Value::none, ""};
  if (option.get_type_size() == 0) return flag;
  flag.value = Flag::Value::words;
  if (type.find('|') != std::string::npos) {
    flag.words = fmt::format("{}", fmt::join(split(type, '|'), " "));
  } else if (flag.name == "--set") {
    flag.words = assignments();
  } else if (flag.name == "--device") {
    flag.words = "cpu cuda";
  } else {
    flag.value = type == "FILE" || type == "DIR" ? Flag::Value::file : Flag::Value::other;
  }
  return flag;
}

Words words_of(const CLI::App& command) {
  Words words{command.get_name(), command.get_description(), {}, {}};
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) {
      words.flags.push_back(flag_of(*option));
    } else if (option->get_name() == "domain" || option->get_name() == "shell") {
      words.positional = split(option->get_type_name(), '|');
    }
  }
  return words;
}

std::vector<Words> all_words(const CLI::App& cli) {
  std::vector<Words> all;
  for (const CLI::App* command : cli.get_subcommands({})) all.push_back(words_of(*command));
  return all;
}

// Every flag that takes a value, once: a name means the same in every command.
std::vector<Flag> flags_with_value(const std::vector<Words>& all) {
  std::vector<Flag> flags;
  for (const Words& words : all) {
    for (const Flag& flag : words.flags) {
      const auto same = [&](const Flag& other) { return other.name == flag.name; };
      if (flag.value != Flag::Value::none && std::none_of(flags.begin(), flags.end(), same)) flags.push_back(flag);
    }
  }
  return flags;
}

std::string names_of(const std::vector<Words>& all) {
  std::vector<std::string> names;
  for (const Words& words : all) names.push_back(words.command);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string flag_list(const Words& words) {
  std::vector<std::string> names;
  for (const Flag& flag : words.flags) names.push_back(flag.name);
  return fmt::format("{}", fmt::join(names, " "));
}

// Inside single quotes, for zsh and fish.
std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// "-o filenames" is asked for where files are offered and nowhere else: readline would append a slash to the command
// `data` in a folder that holds one of that name, and quote the '=' of an option.
constexpr const char* kBashHead = R"(# bash completion of fathom:  source <(fathom completion bash)
_fathom_files() {
  compopt -o filenames
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}
_fathom() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} flags='' words=''
  COMPREPLY=()
  if [ "$word" = = ]; then  # --preset=
    word=''
    [[ $before == -* ]] || return
  elif [ "$before" = = ]; then  # --preset=qu
    before=${COMP_WORDS[COMP_CWORD-2]}
    [[ $before == -* ]] || return
  fi
)";

std::string bash_script(const std::vector<Words>& all) {
  std::string commands, values;
  for (const Words& words : all) {
    commands += fmt::format("    {}) flags='{}' words='{}' ;;\n", words.command, flag_list(words),
                            fmt::join(words.positional, " "));
  }
  for (const Flag& flag : flags_with_value(all)) {
    const std::string space = flag.words.ends_with('=') ? "; compopt -o nospace" : "";
    const std::string action = flag.value == Flag::Value::words
                                   ? fmt::format("words='{}' flags=''{}", flag.words, space)
                               : flag.value == Flag::Value::file ? "_fathom_files \"$word\"; return"
                                                                 : "return";
    values += fmt::format("    {}) {} ;;\n", flag.name, action);
  }
  return kBashHead + fmt::format(R"(  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '{} --help --version' -- "$word")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  case $before in
{}  esac
  if [ -z "$words" ] && [[ $word != -* ]]; then
    _fathom_files "$word"
  else
    mapfile -t COMPREPLY < <(compgen -W "$words $flags" -- "$word")
  fi
}}
complete -F _fathom fathom
)",
                                 names_of(all), commands, values);
}

std::string zsh_script(const std::vector<Words>& all) {
  std::string commands, values, cases;
  for (const Flag& flag : flags_with_value(all)) {
    const std::string action = flag.value == Flag::Value::file    ? "_files"
                               : flag.value == Flag::Value::other ? "_message value"
                               : flag.words.ends_with('=')
                                   ? fmt::format("compadd -S = {}", fmt::join(option_names(), " "))
                                   : "compadd " + flag.words;
    values += fmt::format("    {}) {}; return ;;\n", flag.name, action);
  }
  for (const Words& words : all) {
    commands += fmt::format("    {}\n", single_quoted(words.command + ":" + words.summary));
    cases += fmt::format("    {}) compadd -- {} {}; {} ;;\n", words.command, flag_list(words),
                         fmt::join(words.positional, " "), words.positional.empty() ? "_files" : ":");
  }
  return fmt::format(R"(#compdef fathom
# zsh completion of fathom:  source <(fathom completion zsh)
_fathom() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  case $words[CURRENT-1] in
{}  esac
  case $words[2] in
{}  esac
}}
compdef _fathom fathom
# In a folder of $fpath this file is the function itself, and runs when a completion is asked for.
if [[ $funcstack[1] == _fathom ]]; then _fathom "$@"; fi
)",
                     commands, values, cases);
}

// How fish is told of a flag's value: -x nothing but these words, -r files too.
std::string fish_value(const Flag& flag) {
  switch (flag.value) {
    case Flag::Value::words:
      return fmt::format(" -x -a '{}'", flag.words);
    case Flag::Value::file:
      return " -r -F";
    case Flag::Value::other:
      return " -x";
    case Flag::Value::none:
      break;
  }
  return "";
}

std::string fish_script(const std::vector<Words>& all) {
  std::string out = "# fish completion of fathom:  fathom completion fish | source\n";
  for (const Words& words : all) {
    out += fmt::format("complete -c fathom -n __fish_use_subcommand -f -a {} -d {}\n", words.command,
                       single_quoted(words.summary));
    const std::string here = fmt::format("complete -c fathom -n '__fish_seen_subcommand_from {}'", words.command);
    for (const std::string& word : words.positional) out += fmt::format("{} -f -a {}\n", here, word);
    for (const Flag& flag : words.flags) {
      out += fmt::format("{} -l {}{} -d {}\n", here, flag.name.substr(2), fish_value(flag), single_quoted(flag.help));
    }
  }
  return out;
}

}  // namespace

int cmd_completion(const CLI::App& cli, const Invocation& in) {
  using Writer = std::string (*)(const std::vector<Words>&);
  const std::vector<std::pair<std::string, Writer>> shells = {
      {"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
  for (const auto& [name, write] : shells) {
    if (name != in.shell) continue;
    fmt::print("{}", write(all_words(cli)));
    return 0;
  }
  throw UsageError(fmt::format("completion: shell = '{}' violates bash|zsh|fish; name one of these", in.shell));
}

}  // namespace fathom::app
