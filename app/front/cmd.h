// The commands that need no libtorch and run in the front process. Each prints its result on stdout and returns the
// exit code; errors are thrown.
#pragma once

#include "app/front/cli.h"

namespace fathom::app {

// --help: of the program, or of the command on the line (with the domain's options when one is named).
void print_help(const CLI::App& cli, const Invocation& invocation);

int cmd_report(const Invocation& invocation);
int cmd_convert(const Invocation& invocation);
int cmd_bench(const Invocation& invocation);
int cmd_options(const CLI::App& cli, const Invocation& invocation);     // text, --json, --markdown
int cmd_completion(const CLI::App& cli, const Invocation& invocation);  // bash, zsh, fish

}  // namespace fathom::app
