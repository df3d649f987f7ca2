// The engine's door: the front process loads this module and calls fathom_engine_run. No exception leaves it.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include <c10/util/Exception.h>

#include "app/engine/cmd.h"
#include "app/engine/machine.h"
#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/tensor/caching_allocator.h"
#include "fathom/tensor/device.h"
#include "fathom/tensor/heap.h"

namespace fathom::app {

namespace {

struct Command {
  std::string_view name;
  int (*run)(const Request&);
  bool trains = false;  // makes and frees the same tensors again and again
};

constexpr Command kCommands[] = {
    {"study", cmd_study, true}, {"data", cmd_data},         {"train", cmd_train, true}, {"eval", cmd_eval, true},
    {"probe", cmd_probe},       {"solve-lp", cmd_solve_lp}, {"generate", cmd_generate}, {"chat", cmd_chat},
    {"serve", cmd_serve},       {"deblur", cmd_deblur},     {"flow", cmd_flow},         {"puzzle", cmd_puzzle},
    {"doctor", cmd_doctor},
};

int run(const Request& request) {
  base::set_level(request.quiet ? base::Level::warning : base::Level::info);
  tensor::choose_allocator(environment("FATHOM_ALLOCATOR"));
  tensor::set_threads(request.run.threads);
  for (const Command& command : kCommands) {
    if (command.name != request.command) continue;
    if (command.trains) tensor::keep_freed_memory();
    const int code = command.run(request);
    if (std::fflush(stdout) != 0) base::fail("app::run", "cannot write to stdout: {}", std::strerror(errno));
    return code;
  }
  base::fail("app::run", "the engine has no command '{}'; install the program again", request.command);
}

// libtorch's messages carry a C++ stack trace below the first line.
std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

int report_error(std::string_view text, int code) {
  std::fflush(stdout);
  fmt::print(stderr, "fathom: {}\n", text);
  return code;
}

int run_guarded(const Request& request) {
  constexpr int kFailed = 1, kUsage = 2;
  try {
    return run(request);
  } catch (const UsageError& error) {
    return report_error(error.what(), kUsage);
  } catch (const c10::Error& error) {
    return report_error(first_line(error.what_without_backtrace()), kFailed);
  } catch (const std::bad_alloc&) {
    return report_error("out of memory; ask for less (fewer samples, narrower models)", kFailed);
  } catch (const std::exception& error) {
    return report_error(error.what(), kFailed);
  }
}

}  // namespace

}  // namespace fathom::app

extern "C" {
__attribute__((visibility("default"))) const char* fathom_engine_version() { return FATHOM_VERSION; }
__attribute__((visibility("default"))) int fathom_engine_run(const fathom::app::Request* request) {
  return fathom::app::run_guarded(*request);
}
}
