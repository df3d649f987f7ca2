// fathom options: every option list there is, from the same fields that parse and check them.
#include <algorithm>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/front/cmd.h"
#include "app/front/resolve.h"
#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::app {

namespace {

// The domain named on the line, or all.
std::vector<Domain> asked_domains(const Invocation& in) {
  if (in.request.domain.empty()) return domains();
  return {find_domain(in.request.domain)};
}

std::string as_text(const base::Fields& fields) {
  std::size_t name_width = 0, value_width = 0;
  for (const base::Field& field : fields.all()) {
    name_width = std::max(name_width, field.name.size());
    value_width = std::max(value_width, field.get().size());
  }
  std::string out;
  for (const base::Field& field : fields.all()) {
    out += fmt::format("  {:<{}}  {:<{}}  {} ({})\n", field.name, name_width, field.get(), value_width, field.help,
                       field.bound);
  }
  return out;
}

std::string as_text(const Domain& domain, const OptionSet& options) {
  return fmt::format("{}: {}\nname, value at preset {}, meaning (bound):\n{}", domain.name, domain.summary,
                     options.run().preset, as_text(options.fields()));
}

nlohmann::ordered_json as_json(const OptionSet& options) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const base::Field& field : options.fields().all()) {
    list.push_back({{"name", field.name},
                    {"type", field.type},
                    {"default", field.default_text},
                    {"bound", field.bound},
                    {"help", field.help}});
  }
  return list;
}

std::string code_block(const std::string& text) { return fmt::format("```text\n{}```\n", text); }

// What a preset changes: one table for all presets, options that differ between any two of them.
std::string preset_table(const Domain& domain) {
  std::vector<OptionSet> sets;
  for (const std::string& preset : kPresets) sets.push_back(domain.options(preset));
  std::string out = fmt::format("| option | {} |\n| --- | --- | --- | --- |\n", fmt::join(kPresets, " | "));
  for (const base::Field& field : sets.front().fields().all()) {
    std::vector<std::string> values;
    for (const OptionSet& set : sets) values.push_back(fmt::format("`{}`", set.fields().at(field.name).get()));
    const bool same = std::equal(values.begin() + 1, values.end(), values.begin());
    if (!same && field.name != "preset") out += fmt::format("| `{}` | {} |\n", field.name, fmt::join(values, " | "));
  }
  return out;
}

std::string command_help(const CLI::App& command) {
  std::string text = command.help("fathom");
  while (text.starts_with('\n')) text.erase(0, 1);
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

std::string as_markdown(const CLI::App& cli) {
  std::string out =
      "# Options\n\n"
      "Made by `fathom options --markdown`; a test fails when this page is stale. Of two settings of one option the "
      "later\n"
      "wins: defaults < preset < `--config` file < `--set` < flags. `--dry-run` prints what results, as TOML.\n";
  for (const Domain& domain : domains()) {
    const OptionSet options = domain.options(kPresets.front());
    out += fmt::format("\n## Domain {}\n\n{}. Values at preset `{}`.\n\n{}", domain.name, domain.summary,
                       kPresets.front(), base::to_markdown(options.fields()));
    out += fmt::format("\n### What the presets of {} change\n\n{}", domain.name, preset_table(domain));
  }
  out += "\n## Commands\n";
  for (const CLI::App* command : cli.get_subcommands({})) {
    out += fmt::format("\n### fathom {}\n\n{}", command->get_name(), code_block(command_help(*command)));
  }
  return out;
}

}  // namespace

void print_help(const CLI::App& cli, const Invocation& in) {
  const auto commands = cli.get_subcommands();
  if (commands.empty()) {
    fmt::print("{}", cli.help());
    return;
  }
  const CLI::App* command = commands.front();
  fmt::print("{}", command->help("fathom"));
  const CLI::Option* domain = command->get_option_no_throw("domain");
  if (domain == nullptr || domain->count() == 0) return;
  const Domain& named = find_domain(domain->results().front());
  fmt::print("Options of {} for --set and --config:\n{}", named.name,
             as_text(named.options(kPresets.front()).fields()));
}

int cmd_options(const CLI::App& cli, const Invocation& in) {
  if (in.markdown) {
    fmt::print("{}", as_markdown(cli));
    return 0;
  }
  nlohmann::ordered_json json;
  std::string text;
  for (const Domain& domain : asked_domains(in)) {
    const OptionSet options = resolve(domain, in.settings());
    json[domain.name] = as_json(options);
    text += as_text(domain, options) + "\n";
  }
  fmt::print("{}", in.request.json ? json.dump(2) + "\n" : text);
  return 0;
}

}  // namespace fathom::app
