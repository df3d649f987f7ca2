// fathom completion: scripts for three shells, made from the parser itself.
#include <CLI/CLI.hpp>

#include "app/front/cmd.h"
#include "app/front/domains.h"
#include "fathom/base/error.h"

namespace fathom::app {

namespace {

// One command as a shell sees it.
struct Words {
  std::string command, summary;
  std::vector<std::pair<std::string, std::string>> flags;  // name, help
  std::vector<std::string> positional;                     // the words that may follow; empty: files
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

Words words_of(const CLI::App& command) {
  Words words{command.get_name(), command.get_description(), {}, {}};
  for (const CLI::Option* option : command.get_options()) {
    const std::string type = option->get_type_name();
    if (!option->get_positional()) {
      words.flags.emplace_back("--" + option->get_lnames().front(), option->get_description());
    } else if (option->get_name() == "domain" || option->get_name() == "shell") {
      words.positional = split(type, '|');
    }
  }
  return words;
}

std::vector<Words> all_words(const CLI::App& cli) {
  std::vector<Words> all;
  for (const CLI::App* command : cli.get_subcommands({})) all.push_back(words_of(*command));
  return all;
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  for (const Domain& domain : domains()) {
    for (const auto& [name, value] : domain.options(kPresets.front()).domain_settings()) names.push_back(name);
  }
  return names;
}

std::string assignments() { return fmt::format("{}=", fmt::join(option_names(), "= ")); }

std::string joined(const std::vector<Words>& all, std::string Words::*part) {
  std::vector<std::string> list;
  for (const Words& words : all) list.push_back(words.*part);
  return fmt::format("{}", fmt::join(list, " "));
}

std::string flag_list(const Words& words) {
  std::vector<std::string> names;
  for (const auto& [name, help] : words.flags) names.push_back(name);
  return fmt::format("{}", fmt::join(names, " "));
}

// Inside single quotes, for zsh and fish.
std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash_script(const std::vector<Words>& all) {
  std::string cases;
  for (const Words& words : all) {
    cases += fmt::format("    {}) flags='{}' words='{}' ;;\n", words.command, flag_list(words),
                         fmt::join(words.positional, " "));
  }
  return fmt::format(R"(# bash completion of fathom:  source <(fathom completion bash)
_fathom() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} flags='' words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W '{} --help --version' -- "$word")
    return
  fi
  case ${{COMP_WORDS[1]}} in
{}  esac
  case $before in
    --preset) words='{}' flags='' ;;
    --device) words='cpu cuda' flags='' ;;
    --set) words='{}' flags=''; compopt -o nospace ;;
    --config|--out|--model) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
  esac
  if [ -z "$words" ] && [[ $word != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words $flags" -- "$word")
  fi
}}
complete -o filenames -F _fathom fathom
)",
                     joined(all, &Words::command), cases, fmt::join(kPresets, " "), assignments());
}

std::string zsh_script(const std::vector<Words>& all) {
  std::string commands, cases;
  for (const Words& words : all) {
    commands += fmt::format("    {}\n", single_quoted(words.command + ":" + words.summary));
    std::string flags;
    for (const auto& [name, help] : words.flags) flags += fmt::format(" {}", name);
    cases += fmt::format("    {}) compadd --{} {}; {} ;;\n", words.command, flags, fmt::join(words.positional, " "),
                         words.positional.empty() ? "_files" : ":");
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
    --preset) compadd {}; return ;;
    --device) compadd cpu cuda; return ;;
    --set) compadd -S = {}; return ;;
    --config|--out|--model) _files; return ;;
  esac
  case $words[2] in
{}  esac
}}
compdef _fathom fathom
)",
                     commands, fmt::join(kPresets, " "), fmt::join(option_names(), " "), cases);
}

std::string fish_script(const std::vector<Words>& all) {
  std::string out = "# fish completion of fathom:  fathom completion fish | source\n";
  for (const Words& words : all) {
    out += fmt::format("complete -c fathom -n __fish_use_subcommand -f -a {} -d {}\n", words.command,
                       single_quoted(words.summary));
    const std::string here = fmt::format("complete -c fathom -n '__fish_seen_subcommand_from {}'", words.command);
    for (const std::string& word : words.positional) out += fmt::format("{} -f -a {}\n", here, word);
    for (const auto& [name, help] : words.flags) {
      std::string values;
      if (name == "--preset") values = fmt::format(" -x -a '{}'", fmt::join(kPresets, " "));
      if (name == "--set") values = fmt::format(" -x -a '{}'", assignments());
      out += fmt::format("{} -l {}{} -d {}\n", here, name.substr(2), values, single_quoted(help));
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
