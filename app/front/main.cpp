// fathom: answers what needs no libtorch itself, hands the rest to the engine. Every error is one line on stderr.
// Exit codes: 0 done, 1 failed, 2 usage, 3 a solve did not reach what was asked.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include <CLI/CLI.hpp>

#include "app/chat_options.h"
#include "app/deblur_options.h"
#include "app/front/cli.h"
#include "app/front/cmd.h"
#include "app/front/convert_options.h"
#include "app/front/engine.h"
#include "app/front/resolve.h"
#include "app/front/run_folder.h"
#include "app/front/version.h"
#include "app/flow_options.h"
#include "app/generate_options.h"
#include "app/probe_options.h"
#include "app/puzzle_options.h"
#include "app/serve_options.h"
#include "app/solve_lp_options.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0, kFailed = 1, kUsage = 2;

std::string joined_command_line(int argc, const char* const* argv) {
  std::string line = "fathom";
  for (int i = 1; i < argc; ++i) line += fmt::format(" {}", argv[i]);
  return line;
}

bool names_preset(const std::vector<Setting>& settings) {
  return std::any_of(settings.begin(), settings.end(), [](const Setting& s) { return s.name == "preset"; });
}

// `train` and `eval` on a folder that has its options take them from there, unless told a file or a preset.
OptionSet resolve_in_folder(Invocation& in) {
  Request& request = in.request;
  const Domain& domain = find_domain(request.domain);
  std::vector<Setting> settings = in.settings();
  OptionSet options = resolve(domain, settings);
  if (request.out.empty()) request.out = default_folder(domain.name, options.run().preset);
  const bool later_stage = request.command == "train" || request.command == "eval";
  if (later_stage && in.config_file.empty() && !names_preset(settings)) {
    const std::vector<Setting> begun = folder_settings(request.out);
    settings.insert(settings.begin(), begun.begin(), begun.end());
    options = resolve(domain, settings);
  }
  if (request.resume) check_resumable(request.out, options);
  return options;
}

void resolve_job(Invocation& in) {
  const OptionSet options = resolve_in_folder(in);
  in.request.run = options.run();
  in.request.settings = options.domain_settings();
  in.request.config = base::to_toml(options.fields());
}

// For a command without a domain (doctor --threads 2).
void resolve_flags(Invocation& in) {
  const base::Fields fields = base::fields_of(in.request.run);
  for (const Setting& flag : in.flags) fields.set(flag.name, flag.value);
}

// The command's own options, checked; the engine fills its struct from them.
template <class Options>
void resolve_own(Invocation& in) {
  Options options;
  const base::Fields fields = base::fields_of(options);
  for (const Setting& setting : in.own) fields.set(setting.name, setting.value);
  for (const base::Field& field : fields.all()) in.request.settings.emplace_back(field.name, field.get());
}

void check_file(const std::string& who, const std::filesystem::path& file) {
  if (std::filesystem::is_regular_file(file)) return;
  const bool folder = std::filesystem::is_directory(file);
  throw UsageError(
      fmt::format("{}: {} {}", who, folder ? "a file is needed, not the folder" : "no file at", file.string()));
}

bool runs_language_model(const std::string& command) {
  return command == "generate" || command == "chat" || command == "serve";
}

// A folder with what a language model is opened from.
void check_model_folder(const Request& request) {
  const auto model = std::find_if(request.settings.begin(), request.settings.end(),
                                  [](const auto& setting) { return setting.first == "model"; });
  if (model->second.empty()) return;  // the one that ships
  for (const char* file : {"config.json", "tokenizer.json"}) {
    const std::filesystem::path path = std::filesystem::path(model->second) / file;
    if (!std::filesystem::is_regular_file(path))
      throw UsageError(fmt::format("{}: --model: no file at {}", request.command, path.string()));
  }
}

void check_generate(const Request& request) {
  if (config_of<GenerateOptions>(request).prompt.empty()) throw UsageError("generate: prompt is needed (TEXT)");
}

// A puzzle is a bit string or a Sudoku, or else the file that holds it.
void check_puzzle(const std::string& puzzle) {
  if (puzzle.find_first_not_of("0123456789. ") != std::string::npos) check_file("puzzle", puzzle);
}

// Found here, before the engine takes its second to load: files named as arguments and by options that are read.
void check_inputs(const Request& request) {
  for (const std::filesystem::path& file : request.inputs) check_file(request.command, file);
  if (runs_language_model(request.command)) check_model_folder(request);
  if (request.command == "generate") check_generate(request);
  const std::vector<std::string> readers = {"solve-lp", "puzzle", "flow", "deblur"};
  if (std::find(readers.begin(), readers.end(), request.command) == readers.end()) return;
  for (const auto& [name, value] : request.settings) {
    if ((name == "model" || name == "start" || name == "reference") && !value.empty()) {
      check_file(fmt::format("{}: --{}", request.command, name), value);
    }
    if (name == "puzzle") check_puzzle(value);
  }
}

int run_command(const CLI::App& cli, Invocation& in) {
  if (in.request.quiet) base::set_level(base::Level::warning);
  if (in.request.command == "options") return cmd_options(cli, in);
  if (in.request.command == "report") return cmd_report(in);
  if (in.request.command == "bench") return cmd_bench(in);
  if (in.request.command == "completion") return cmd_completion(cli, in);
  in.request.domain.empty() ? resolve_flags(in) : resolve_job(in);
  if (in.request.command == "solve-lp") resolve_own<SolveLpOptions>(in);
  if (in.request.command == "probe") resolve_own<ProbeOptions>(in);
  if (in.request.command == "generate") resolve_own<GenerateOptions>(in);
  if (in.request.command == "chat") resolve_own<ChatOptions>(in);
  if (in.request.command == "serve") resolve_own<ServeOptions>(in);
  if (in.request.command == "deblur") resolve_own<DeblurOptions>(in);
  if (in.request.command == "flow") resolve_own<FlowOptions>(in);
  if (in.request.command == "puzzle") resolve_own<PuzzleOptions>(in);
  if (in.request.command == "convert") resolve_own<ConvertOptions>(in);
  check_inputs(in.request);
  if (in.request.command == "convert") return cmd_convert(in);
  if (in.dry_run) {
    fmt::print("{}", in.request.config);
    return kDone;
  }
  return run_in_engine(in.request);
}

int run(int argc, const char* const* argv) {
  Invocation in;
  in.request.version = version();
  in.request.git = git_revision();
  in.request.command_line = joined_command_line(argc, argv);
  const auto cli = make_cli(in);
  const int code = parse(*cli, in, argc, argv) == Parsed::answered ? kDone : run_command(*cli, in);
  if (std::fflush(stdout) != 0) base::fail("app::run", "cannot write to stdout: {}", std::strerror(errno));
  return code;
}

int report_error(std::string_view text, int code) {
  fmt::print(stderr, "fathom: {}\n", text);
  return code;
}

}  // namespace

}  // namespace fathom::app

int main(int argc, char** argv) {
  namespace app = fathom::app;
  try {
    return app::run(argc, argv);
  } catch (const fathom::UsageError& error) {
    return app::report_error(error.what(), app::kUsage);
  } catch (const std::bad_alloc&) {
    return app::report_error("out of memory; ask for less (fewer samples, narrower models)", app::kFailed);
  } catch (const std::exception& error) {
    return app::report_error(error.what(), app::kFailed);
  }
}
