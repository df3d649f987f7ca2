#include "fathom/domain/puzzle/solve_puzzle.h"

#include <cctype>
#include <numeric>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn_like.h>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/puzzle/batch.h"
#include "fathom/domain/puzzle/maze.h"
#include "fathom/domain/puzzle/maze_image.h"
#include "fathom/domain/puzzle/model.h"
#include "fathom/domain/puzzle/parity.h"
#include "fathom/domain/puzzle/sudoku.h"
#include "fathom/io/png.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/tensor/device.h"

namespace fathom::puzzle {

namespace {

bool is_sudoku(const Instances& one) { return one.channels == kDigits; }

const char* task_of(const Instances& one) { return one.channels == 3 ? "maze" : is_sudoku(one) ? "sudoku" : "parity"; }

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
  if (is_sudoku(one)) solved.broken_units = broken_units(sudoku_answer(one, 0, solved.answer()));
}

Tensor start_of(const LoopedNet& model, const Tensor& x, std::int64_t k) {
  const Tensor own = model.start(x);
  if (k == 0) return own;
  tensor::seed(base::stream_seed(0, "restart", static_cast<std::uint64_t>(k)));
  return at::randn_like(own);
}

Solved solve_from(const LoopedNet& model, const Tensor& x, const Tensor& start, const SolveOptions& options) {
  solve::TraceOptions trace;
  trace.keep.resize(static_cast<std::size_t>(options.iterations));
  std::iota(trace.keep.begin(), trace.keep.end(), 0);
  const Solution solution = solve::fixed_point(
      model.map(x), start, solve::Picard{},
      {.rtol = options.rtol, .max_iter = options.iterations, .patience = options.iterations}, {}, trace);
  Solved solved;
  for (const State& h : solution.trace.iterates) solved.frames.push_back(answers(model.read_out(h.only())));
  solved.frames.push_back(answers(model.read_out(solution.y.only())));
  solved.iterations = solution.iterations[0];
  solved.residual = solution.relative[0];
  solved.converged = solution.converged();
  return solved;
}

}  // namespace

Solved solve_puzzle(const Trained& trained, const Instances& one, const SolveOptions& options) {
  at::NoGradGuard no_grad;
  const LoopedNet& model = looped(trained, one);
  const Tensor x = make_batch(one).x;
  Solved best;
  for (std::int64_t k = 0; k < options.restarts && !best.converged; ++k) {
    Solved solved = solve_from(model, x, start_of(model, x, k), options);
    solved.start = k;
    if (k == 0 || solved.residual < best.residual) best = std::move(solved);
  }
  judge(best, one);
  return best;
}

std::string task_of_text(std::string_view text) {
  bool digits = false, letters = false, dots = false;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '0' || c == '1') continue;
    digits |= c >= '2' && c <= '9';
    letters |= c < '.' || c > '9' || c == '/';
    dots |= c == '.';
  }
  // 81 empty cells and a few 1 are no puzzle, and dots without digits are the ways of a maze.
  return letters || (dots && !digits) ? "maze" : digits ? "sudoku" : "parity";
}

std::string text_of_file(std::string bytes, const std::string& origin) {
  if (!bytes.starts_with("\x89PNG")) return bytes;
  return maze_drawing(io::parse_png(bytes, origin));
}

Instances instance_of_text(std::string_view text) {
  const std::string task = task_of_text(text);
  return task == "parity" ? parity_of_text(text) : task == "sudoku" ? sudoku_of_text(text) : maze_of_text(text);
}

std::string answer_text(const Instances& one, const std::vector<std::uint8_t>& answer) {
  if (one.channels == 3) return maze_text(one, 0, answer);
  if (is_sudoku(one)) return sudoku_text(sudoku_answer(one, 0, answer));
  std::string text;
  for (const std::uint8_t bit : answer) text += bit == 0 ? '0' : '1';
  return text + "\n";
}

}  // namespace fathom::puzzle
