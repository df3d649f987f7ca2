#include "app/front/cli.h"

#include <CLI/CLI.hpp>

#include <fmt/ranges.h>

#include "app/chat_options.h"
#include "app/deblur_options.h"
#include "app/front/bench_options.h"
#include "app/front/cmd.h"
#include "app/front/convert_options.h"
#include "app/front/domains.h"
#include "app/front/version.h"
#include "app/probe_options.h"
#include "app/flow_options.h"
#include "app/generate_options.h"
#include "app/serve_options.h"
#include "app/puzzle_options.h"
#include "app/solve_lp_options.h"
#include "fathom/base/error.h"

namespace fathom::app {

namespace {

std::string domain_names() {
  std::vector<std::string> names;
  for (const Domain& domain : domains()) names.push_back(domain.name);
  return fmt::format("{}", fmt::join(names, "|"));
}

// Surplus words are collected, not refused by CLI11: check_surplus names the nearest word instead.
CLI::App* add_command(CLI::App& cli, Invocation& in, const std::string& name, const std::string& summary) {
  CLI::App* command = cli.add_subcommand(name, summary);
  command->allow_extras();
  command->callback([&in, name] { in.request.command = name; });
  return command;
}

void add_json(CLI::App* command, Invocation& in) {
  command->add_flag("--json", in.request.json, "print one JSON object on stdout instead of text");
}

void add_quiet(CLI::App* command, Invocation& in) {
  command->add_flag("--quiet", in.request.quiet, "nothing on stderr but warnings and errors");
}

// A flag that sets the option `name` of the run.
void add_run_flag(CLI::App* command, Invocation& in, const std::string& name) {
  RunOptions run;
  const base::Fields fields = base::fields_of(run);
  const base::Field& field = fields.at(name);
  const std::string flag = "--" + name;
  const auto record = [&in, name, flag](const std::string& value) { in.flags.push_back({name, value, flag}); };
  command
      ->add_option_function<std::string>(flag, record, fmt::format("{} (default {})", field.help, field.default_text))
      ->type_name(field.type == "choice"    ? field.bound
                  : field.type == "integer" ? "N"
                                            : "NAME");
}

// Flags of a domain's own; with another domain they are refused when the options are resolved.
void add_domain_flags(CLI::App* command, Invocation& in, const Domain& domain) {
  for (const DomainFlag& own : domain.flags) {
    const auto record = [&in, own](const std::string& value) { in.flags.push_back({own.option, value, own.flag}); };
    command->add_option_function<std::string>(own.flag, record, own.help)->type_name("FILE");
  }
}

// What every command that runs a domain's job takes.
void add_job_flags(CLI::App* command, Invocation& in) {
  command->add_option("domain", in.request.domain, "the field: " + domain_names())->type_name(domain_names());
  for (const char* name : {"preset", "seed", "seeds", "threads", "device"}) add_run_flag(command, in, name);
  for (const Domain& domain : domains()) add_domain_flags(command, in, domain);
  command->add_option("--config", in.config_file, "options from a TOML file")->type_name("FILE");
  command->add_option("--set", in.sets, "one option of the domain, such as study.iterations=12; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option_function<std::string>(
          "--task",
          [&in](const std::string& value) {
            in.flags.push_back({"task", value, "--task"});
          },
          "of the domain puzzle: which puzzle (default parity)")
      ->type_name("parity|maze|sudoku");
  command->add_option("--out", in.request.out, "folder of the results (default runs/DOMAIN-PRESET)")->type_name("DIR");
  command->add_flag("--resume", in.request.resume,
                    "go on where the run in --out stopped; a finished one is reused. Without it an earlier run there "
                    "is kept in DIR/earlier-N");
  command->add_flag("--dry-run", in.dry_run, "print the resolved options as TOML and stop");
  add_json(command, in);
  add_quiet(command, in);
}

void add_job_commands(CLI::App& cli, Invocation& in) {
  add_job_flags(add_command(cli, in, "study", "The whole job: data, training, evaluation at every iteration, report"),
                in);
  add_job_flags(add_command(cli, in, "data", "Draw and label the data of a study"), in);
  add_job_flags(add_command(cli, in, "train", "Train the models of a study"), in);
  add_job_flags(add_command(cli, in, "eval", "Evaluate the trained models of a study at every iteration"), in);
  CLI::App* report = add_command(cli, in, "report", "Draw report.html and its pictures again from a run's study.json");
  report->add_option("run", in.request.inputs, "the run's folder")->type_name("DIR")->expected(1);
  add_json(report, in);
  add_quiet(report, in);
}

// A text is a path but for patterns and words.
std::string value_name(const base::Field& field) {
  if (field.type == "choice") return field.bound;
  if (field.type != "text") return "N";
  if (field.name == "filter") return "REGEX";
  if (field.name == "kernel") return "FILE|NAME";
  for (const char* name : {"exit", "cache", "stop", "system", "host", "api-key", "name"}) {
    if (field.name == name) return "TEXT";
  }
  return "FILE";
}

// A flag for each option of a command's own struct.
template <class Options>
void add_own_flags(CLI::App* command, Invocation& in) {
  Options options;
  const base::Fields fields = base::fields_of(options);
  for (const base::Field& field : fields.all()) {
    const std::string flag = "--" + field.name;
    const auto record = [&in, name = field.name, flag](const std::string& value) {
      in.own.push_back({name, value, flag});
    };
    if (field.name == "prompt") {
      command->add_option_function<std::string>("prompt", record, field.help)->type_name("TEXT");
    } else if (field.type == "bool") {
      command->add_flag_callback(
          flag, [record] { record("true"); }, field.help);
    } else {
      const std::string help =
          field.default_text.empty() ? field.help : fmt::format("{} (default {})", field.help, field.default_text);
      const std::string flags = field.name == "output" ? "-o," + flag : flag;
      command->add_option_function<std::string>(flags, record, help)->type_name(value_name(field));
    }
  }
}

// An option of a command's own struct that is given by its place.
CLI::Option* add_own_positional(CLI::App* command, Invocation& in, const std::string& name, const std::string& help) {
  return command->add_option_function<std::string>(
      name,
      [&in, name](const std::string& value) {
        in.own.push_back({name, value, name});
      },
      help);
}

void add_model_commands(CLI::App& cli, Invocation& in) {
  CLI::App* solve = add_command(cli, in, "solve-lp",
                                "Predict the solution of a linear program in an MPS file; --refine makes it optimal");
  solve->add_option("program", in.request.inputs, "the MPS file, fixed or free format")->type_name("FILE")->expected(1);
  add_own_flags<SolveLpOptions>(solve, in);
  CLI::App* probe =
      add_command(cli, in, "probe",
                  "Diagnose the block of a trained model, or a TorchScript map of your own, around its fixed points");
  probe->add_option("model", in.request.inputs, "the model file, or G(y, x) as a TorchScript file")
      ->type_name("FILE")
      ->expected(1);
  add_own_flags<ProbeOptions>(probe, in);
  add_run_flag(probe, in, "seed");
  CLI::App* flow =
      add_command(cli, in, "flow", "Predict the steady flows of forcings in a file; --refine solves for them");
  flow->add_option("forcing", in.request.inputs, "forcing [N, 2, H, H] in a .npz, .h5 or .npy file")
      ->type_name("FILE")
      ->expected(1);
  add_own_flags<FlowOptions>(flow, in);
  CLI::App* deblur = add_command(cli, in, "deblur", "Restore a blurred photo whose blur is known");
  deblur->add_option("photo", in.request.inputs, "the blurred photo, a .png or .jpg file")
      ->type_name("FILE")
      ->expected(1);
  add_own_flags<DeblurOptions>(deblur, in);
  CLI::App* puzzle = add_command(cli, in, "puzzle",
                                 "Solve a bit string, a maze or a Sudoku by iterating until the state stands still");
  add_own_positional(puzzle, in, "verb", "what to do")->type_name("solve");
  add_own_positional(
      puzzle, in, "puzzle",
      "bits, the 81 characters of a Sudoku, or a file: of these, of a maze drawn with # . S G, a PNG of a maze")
      ->type_name("BITS|SUDOKU|FILE");
  add_own_flags<PuzzleFlags>(puzzle, in);
  CLI::App* convert =
      add_command(cli, in, "convert", "Write a model's weights in another float format, as a safetensors file");
  convert->add_option("model", in.request.inputs, "a safetensors or torch.save file")->type_name("FILE")->expected(1);
  add_own_flags<ConvertOptions>(convert, in);
  for (CLI::App* command : {solve, probe, flow, deblur, puzzle}) {
    add_run_flag(command, in, "threads");
    add_json(command, in);
    add_quiet(command, in);
  }
}

void add_text_commands(CLI::App& cli, Invocation& in) {
  CLI::App* generate = add_command(cli, in, "generate", "Go on from a text with a looped language model");
  add_own_flags<GenerateOptions>(generate, in);
  add_json(generate, in);
  CLI::App* chat = add_command(cli, in, "chat", "Talk with a looped language model in the terminal");
  add_own_flags<ChatOptions>(chat, in);
  CLI::App* serve = add_command(cli, in, "serve", "Answer requests of the OpenAI API with a looped language model");
  add_own_flags<ServeOptions>(serve, in);
  for (CLI::App* command : {generate, chat, serve}) {
    command->get_option("--model")->type_name("DIR");
    for (const char* name : {"seed", "threads", "device"}) add_run_flag(command, in, name);
    add_quiet(command, in);
  }
}

void add_inspection_commands(CLI::App& cli, Invocation& in) {
  CLI::App* doctor = add_command(cli, in, "doctor", "Check this machine: BLAS, threads, CPU, data; says what is wrong");
  add_run_flag(doctor, in, "threads");
  add_json(doctor, in);
  CLI::App* bench = add_command(cli, in, "bench", "Measure Fathom beside libtorch and the limits of this machine");
  add_own_flags<BenchOptions>(bench, in);
  add_json(bench, in);
  add_quiet(bench, in);
  CLI::App* options = add_command(cli, in, "options", "List every option with its default and bound");
  options->add_option("domain", in.request.domain, "only this domain's")->type_name(domain_names());
  add_run_flag(options, in, "preset");
  options->add_flag("--markdown", in.markdown, "as docs/options.md");
  add_json(options, in);
  CLI::App* completion = add_command(cli, in, "completion", "Print a completion script for a shell");
  completion->add_option("shell", in.shell, "whose script")->type_name("bash|zsh|fish");
}

// The word that the parser could not place, as an error.
[[noreturn]] void refuse_word(const std::string& word, const CLI::App& command, const std::string& where) {
  const bool flag = word.starts_with('-') && word.size() > 1;
  const bool wants_command = where.empty() && !flag;
  std::vector<std::string> names;
  if (wants_command) {
    for (const CLI::App* other : command.get_subcommands({})) names.push_back(other->get_name());
  } else if (flag) {
    for (const CLI::Option* option : command.get_options()) names.push_back(option->get_name());
  }
  const std::string near = base::nearest(word.substr(0, word.find('=')), names);
  const std::string kind = wants_command ? "command" : flag ? "option" : "argument";
  const std::string help = fmt::format("see `fathom {}--help`", where.empty() ? "" : where + " ");
  throw UsageError(fmt::format("{}unknown {} '{}'; {}", where.empty() ? "" : where + ": ", kind, word,
                               near.empty() ? help : fmt::format("did you mean '{}'?", near)));
}

void check_surplus(const CLI::App& cli) {
  for (const CLI::App* command : cli.get_subcommands()) {
    for (const std::string& word : command->remaining()) refuse_word(word, *command, command->get_name());
  }
  for (const std::string& word : cli.remaining()) refuse_word(word, cli, "");
}

void check_required(const CLI::App& cli) {
  if (cli.get_subcommands().empty()) throw UsageError("a command is needed; see `fathom --help`");
  const CLI::App* command = cli.get_subcommands().front();
  for (const CLI::Option* option : command->get_options()) {
    const bool optional = command->get_name() == "options";
    if (option->get_positional() && option->count() == 0 && !optional) {
      throw UsageError(
          fmt::format("{}: {} is needed ({})", command->get_name(), option->get_name(), option->get_type_name()));
    }
  }
}

}  // namespace

std::vector<Setting> Invocation::settings() const {
  std::vector<Setting> list;
  if (!config_file.empty()) list = read_config_file(config_file);
  for (const std::string& text : sets) list.push_back(parse_assignment(text));
  list.insert(list.end(), flags.begin(), flags.end());
  return list;
}

std::unique_ptr<CLI::App> make_cli(Invocation& invocation) {
  auto cli =
      std::make_unique<CLI::App>("Fathom: implicit models, trained, run and measured at every iteration", "fathom");
  cli->set_version_flag("--version", version_line(), "print the version and stop");
  cli->set_help_flag("-h,--help", "print this help and stop");
  cli->require_subcommand(0, 1);
  cli->allow_extras();
  cli->get_formatter()->column_width(30);
  add_job_commands(*cli, invocation);
  add_model_commands(*cli, invocation);
  add_text_commands(*cli, invocation);
  add_inspection_commands(*cli, invocation);
  return cli;
}

Parsed parse(CLI::App& cli, Invocation& invocation, int argc, const char* const* argv) {
  try {
    cli.parse(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return Parsed::answered;
  } catch (const CLI::CallForHelp&) {
    print_help(cli, invocation);
    return Parsed::answered;
  } catch (const CLI::ParseError& error) {
    const auto commands = cli.get_subcommands();
    const std::string where = commands.empty() ? "" : commands.front()->get_name() + ": ";
    throw UsageError(fmt::format("{}{}", where, error.what()));
  }
  check_surplus(cli);
  check_required(cli);
  return Parsed::command;
}

}  // namespace fathom::app
