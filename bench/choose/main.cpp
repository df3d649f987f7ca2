// bench_choose solvers|gradients [PAGE]: measures every solver on six kinds of problem, or every gradient at three
// gains, and prints the tables as Markdown, or writes them below the marker of PAGE (docs/choose-a-solver.md,
// choose-a-gradient.md).
#include <string>

#include <fmt/format.h>

#include "bench/choose/page.h"
#include "fathom/tensor/device.h"

namespace fathom::bench {

namespace {

constexpr const char* kSolvers =
    "float32, 64 rows of 256 elements (256 rows in the mixed batch), to ||r|| <= 1e-5 ||G|| in every row, at most "
    "1000\n"
    "iterations. `f`: the time in calls of the bare map. Times are processor time, medians. Counts are exact.";
constexpr const char* kGradients =
    "y = tanh(y W + inj), symmetric W of radius = gain, a small inj so that tanh hardly saturates; float32, 64 x 256. "
    "Forward\n"
    "and backward in calls of the bare map; error: ||dW - exact|| / ||exact||; memory: most bytes of tensors alive, in "
    "states.";

int run(const std::string& what, const std::string& page) {
  const bool solvers = what == "solvers";
  const std::string command = "build/release/bin/bench_choose " + what + (page.empty() ? "" : " " + page);
  const std::string text =
      measured(command, solvers ? kSolvers : kGradients, solvers ? solver_tables() : gradient_tables());
  if (page.empty()) {
    fmt::print("{}", text);
  } else {
    write_below_marker(page, text);
  }
  return 0;
}

}  // namespace

}  // namespace fathom::bench

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if ((what != "solvers" && what != "gradients") || argc > 3) {
    fmt::print(stderr, "usage: bench_choose solvers|gradients [PAGE]\n");
    return 2;
  }
  try {
    fathom::tensor::set_threads(1);
    return fathom::bench::run(what, argc > 2 ? argv[2] : "");
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_choose: {}\n", error.what());
    return 1;
  }
}
