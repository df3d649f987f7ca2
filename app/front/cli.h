// The command line: which commands there are, with which arguments and flags. What is parsed here is still text;
// resolve.h turns it into checked options.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/front/config_file.h"
#include "app/request.h"

namespace CLI {
class App;
}

namespace fathom::app {

// One command line, parsed.
struct Invocation {
  Request request;                // command, domain, inputs, out and the plain switches are filled in
  std::string config_file;        // --config
  std::vector<std::string> sets;  // --set
  std::vector<Setting> flags;     // --seed 3 as {"seed", "3", "--seed"}
  std::vector<Setting> own;       // options of the command itself: --refine as {"refine", "true", "--refine"}
  bool dry_run = false;
  bool markdown = false;  // of `options`
  std::string shell;      // of `completion`

  // File, --set and flags as one list in growing precedence. Reads the file.
  std::vector<Setting> settings() const;
};

// The parser that fills `invocation`, which must outlive it. `fathom completion` and docs/options.md read it too.
std::unique_ptr<CLI::App> make_cli(Invocation& invocation);

enum class Parsed { command, answered };

// Parses; --help and --version are answered on stdout. Throws UsageError: an unknown command or option (with the
// nearest name), an argument too many or too few, a flag without its value.
Parsed parse(CLI::App& cli, Invocation& invocation, int argc, const char* const* argv);

}  // namespace fathom::app
