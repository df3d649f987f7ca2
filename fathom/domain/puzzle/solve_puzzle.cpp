#include "fathom/domain/puzzle/solve_puzzle.h"

#include <cctype>
#include <numeric>

#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/domain/puzzle/batch.h"
#include "fathom/domain/puzzle/maze.h"
#include "fathom/domain/puzzle/model.h"
#include "fathom/domain/puzzle/parity.h"
#include "fathom/solve/fixed_point.h"

namespace fathom::puzzle {

namespace {

const char* task_of(const Instances& one) { return one.channels == 3 ? "maze" : "parity"; }

const LoopedNet& looped(const Trained& trained, const Instances& one) {
  base::require(trained.spec.task == task_of(one), "puzzle::solve_puzzle", "the model's puzzle", trained.spec.task,
                fmt::format("= {}", task_of(one)), "name a model that was trained on such puzzles");
  base::require(trained.model->implicit(), "puzzle::solve_puzzle", "the model's kind", trained.spec.kind, "= implicit",
                "an explicit network has nothing to iterate");
  return dynamic_cast<const LoopedNet&>(*trained.model);
}

void judge(Solved& solved, const Instances& one) {
  solved.judged_cells = solved.wrong_cells = 0;
  for (std::size_t cell = 0; cell < one.target.size(); ++cell) {
    if (one.target[cell] == kUnjudged) continue;
    ++solved.judged_cells;
    solved.wrong_cells += solved.answer()[cell] != one.target[cell];
  }
}

}  // namespace

Solved solve_puzzle(const Trained& trained, const Instances& one, const SolveOptions& options) {
  at::NoGradGuard no_grad;
  const LoopedNet& model = looped(trained, one);
  const Tensor x = make_batch(one).x;
  solve::TraceOptions trace;
  trace.keep.resize(static_cast<std::size_t>(options.iterations));
  std::iota(trace.keep.begin(), trace.keep.end(), 0);
  const Solution solution = solve::fixed_point(
      model.map(x), model.start(x), solve::Picard{},
      {.rtol = options.rtol, .max_iter = options.iterations, .patience = options.iterations}, {}, trace);
  Solved solved;
  for (const State& h : solution.trace.iterates) solved.frames.push_back(answers(model.read_out(h.only())));
  solved.frames.push_back(answers(model.read_out(solution.y.only())));
  solved.iterations = solution.iterations[0];
  solved.residual = solution.relative[0];
  solved.converged = solution.converged();
  judge(solved, one);
  return solved;
}

std::string task_of_text(std::string_view text) {
  for (const char c : text) {
    if (c != '0' && c != '1' && std::isspace(static_cast<unsigned char>(c)) == 0) return "maze";
  }
  return "parity";
}

Instances instance_of_text(std::string_view text) {
  return task_of_text(text) == "parity" ? parity_of_text(text) : maze_of_text(text);
}

std::string answer_text(const Instances& one, const std::vector<std::uint8_t>& answer) {
  if (one.channels == 3) return maze_text(one, 0, answer);
  std::string text;
  for (const std::uint8_t bit : answer) text += bit == 0 ? '0' : '1';
  return text + "\n";
}

}  // namespace fathom::puzzle
