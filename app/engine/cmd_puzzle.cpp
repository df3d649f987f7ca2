// fathom puzzle solve: a bit string, a maze or a Sudoku, iterated until its state stands still, shown on the way,
// verified.
#include <algorithm>
#include <chrono>
#include <thread>

#include <nlohmann/json.hpp>

#include "app/engine/cmd.h"
#include "app/engine/model_file.h"
#include "app/puzzle_options.h"
#include "fathom/base/error.h"
#include "fathom/base/file.h"
#include "fathom/base/progress.h"
#include "fathom/base/timer.h"
#include "fathom/domain/puzzle/solve_puzzle.h"
#include "fathom/domain/puzzle/sudoku.h"
#include "fathom/io/apng.h"
#include "fathom/report/cell_strip.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0, kNotReached = 3;
constexpr std::size_t kMostFrames = 60;  // of the animation, five seconds
constexpr auto kFrameTime = std::chrono::milliseconds(80);
constexpr std::int64_t kLastFrameTime = 2000, kAnimated = 360;  // milliseconds, pixels

// Text as it is given, or what the file holds.
std::string text_of(const std::string& puzzle) {
  if (puzzle.find_first_not_of("0123456789. ") == std::string::npos) return puzzle;
  return puzzle::text_of_file(base::read_file(puzzle), puzzle);
}

void check_output(const char* name, const std::string& path, const char* ending) {
  if (path.empty() || path.ends_with(ending)) return;
  throw UsageError(fmt::format("[app::puzzle] {} = {} violates *{}; name a file with this ending", name, path, ending));
}

// Which iterations the animations show: all of a short solve, some of a long one, the last always.
std::vector<std::size_t> shown_of(std::size_t frames) {
  const std::size_t every = (frames + kMostFrames - 1) / kMostFrames;
  std::vector<std::size_t> shown;
  for (std::size_t t = 0; t + 1 < frames; t += every) shown.push_back(t);
  shown.push_back(frames - 1);
  return shown;
}

// Replays the iterations on the terminal, each frame over the one before.
void animate(std::FILE* terminal, const puzzle::Instances& one, const puzzle::Solved& solved) {
  fmt::print(terminal, "\x1b[?1049h");  // the terminal's other screen; its own comes back as it was
  for (const std::size_t t : shown_of(solved.frames.size())) {
    fmt::print(terminal, "\x1b[H\x1b[Jt = {}\n{}", t, puzzle::answer_text(one, solved.frames[t]));
    std::fflush(terminal);
    std::this_thread::sleep_for(kFrameTime);
  }
  fmt::print(terminal, "\x1b[?1049l");
  std::fflush(terminal);
}

bool is_sudoku(const puzzle::Instances& one) { return one.classes == puzzle::kDigits; }

const char* name_of(const puzzle::Instances& one) {
  return is_sudoku(one) ? "sudoku" : one.channels == 3 ? "maze" : "parity";
}

std::vector<std::string> legend_of(const puzzle::Instances& one) {
  if (is_sudoku(one)) return {"", "clue", "not the solution's digit"};
  if (one.channels == 3) return {"", "on the path", "wall"};
  return {"", "odd"};
}

// What one cell shows: a class of the answer (a start and a goal are on the path), a wall, a clue, a wrong digit.
std::uint8_t shade_of(const puzzle::Instances& one, std::uint8_t target, std::uint8_t answer) {
  const bool unjudged = target == puzzle::kUnjudged;
  if (is_sudoku(one)) return unjudged ? 1 : answer == target ? 0 : 2;
  return unjudged ? 2 : answer;
}

report::CellFrame frame_of(const puzzle::Instances& one, const puzzle::Solved& solved, std::size_t t) {
  const std::vector<std::uint8_t>& answer = solved.frames[t];
  report::CellFrame frame{fmt::format("t = {}", t), {}};
  for (std::size_t i = 0; i < answer.size(); ++i) frame.cells.push_back(shade_of(one, one.target[i], answer[i]));
  if (is_sudoku(one)) frame.letters = puzzle::sudoku_line(puzzle::sudoku_answer(one, 0, answer));
  return frame;
}

// t = 0, 1, 2, 4, 8, ... and the last.
std::vector<std::size_t> times_of(std::size_t frames) {
  std::vector<std::size_t> times{0};
  for (std::size_t t = 1; t + 1 < frames; t *= 2) times.push_back(t);
  if (frames > 1) times.push_back(frames - 1);
  return times;
}

report::CellStrip strip_of(const puzzle::Instances& one, const puzzle::Solved& solved,
                           const std::vector<std::size_t>& times) {
  report::CellStrip strip{.title = "The answer while the state converges",
                          .caption = fmt::format("Each field is the answer read from the state after t iterations; {}.",
                                                 solved.converged ? "the last is a fixed point" : "not converged"),
                          .height = one.height,
                          .width = one.width,
                          .legend = legend_of(one),
                          .frames = {}};
  for (const std::size_t t : times) strip.frames.push_back(frame_of(one, solved, t));
  return strip;
}

void write_strip(const std::string& path, const puzzle::Instances& one, const puzzle::Solved& solved) {
  base::write_atomically(path, report::to_svg(strip_of(one, solved, times_of(solved.frames.size()))));
}

// Pixels a side of a cell: the picture has about kAnimated of them on its longer side.
std::int64_t cell_size(const puzzle::Instances& one) {
  return std::clamp<std::int64_t>(kAnimated / std::max(one.height, one.width), 2, 40);
}

void write_animation(const std::string& path, const puzzle::Instances& one, const puzzle::Solved& solved) {
  const report::CellStrip strip = strip_of(one, solved, shown_of(solved.frames.size()));
  std::vector<io::Frame> frames;
  for (const report::CellFrame& frame : strip.frames) {
    const report::Raster raster = report::to_raster(strip, frame, cell_size(one));
    frames.push_back(
        {{raster.width, raster.height, 3, 8, {raster.pixels.begin(), raster.pixels.end()}}, kFrameTime.count()});
  }
  frames.back().milliseconds = kLastFrameTime;
  io::write_apng(path, frames);
}

std::string answer_line(const puzzle::Instances& one, const puzzle::Solved& solved) {
  if (is_sudoku(one)) return puzzle::sudoku_line(puzzle::sudoku_answer(one, 0, solved.answer()));
  return puzzle::answer_text(one, solved.answer());
}

void print_json(const puzzle::Instances& one, const puzzle::Solved& solved, double seconds) {
  nlohmann::ordered_json json = {{"puzzle", name_of(one)},
                                 {"height", one.height},
                                 {"width", one.width},
                                 {"converged", solved.converged},
                                 {"iterations", solved.iterations},
                                 {"residual", solved.residual},
                                 {"start", solved.start},
                                 {"right", solved.wrong_cells == 0},
                                 {"wrong_cells", solved.wrong_cells},
                                 {"answer", answer_line(one, solved)},
                                 {"seconds", seconds}};
  if (is_sudoku(one)) {
    const puzzle::SudokuGrade grade = puzzle::grade_of(puzzle::sudoku_clues(one, 0));
    json["grade"] = grade.grade;
    json["guesses"] = grade.guesses;
    json["broken_units"] = solved.broken_units;
  }
  fmt::print("{}\n", json.dump(2));
}

void print_sudoku(const puzzle::Instances& one, const puzzle::Solved& solved) {
  const puzzle::SudokuGrade grade = puzzle::grade_of(puzzle::sudoku_clues(one, 0));
  const char* what[] = {"naked singles solve it", "hidden singles solve it", "a few guesses", "more guesses"};
  fmt::print("grade          {} of {}: {} ({} guesses of a search prove its one solution)\n", grade.grade,
             puzzle::kSudokuGrades, what[grade.grade - 1], grade.guesses);
  fmt::print("rules          {} of 27 rows, columns and boxes hold every digit once\n", 27 - solved.broken_units);
}

void print_text(const puzzle::Instances& one, const puzzle::Solved& solved) {
  fmt::print("{}", puzzle::answer_text(one, solved.answer()));
  fmt::print("state          {} after {} iterations, relative residual {:.1e}{}\n",
             solved.converged ? "converged" : "not converged", solved.iterations, solved.residual,
             solved.start > 0 ? fmt::format(", from start {}", solved.start) : "");
  if (is_sudoku(one)) print_sudoku(one, solved);
  if (solved.wrong_cells == 0)
    fmt::print("answer         right: all {} cells agree with the exact solution\n", solved.judged_cells);
  else
    fmt::print("answer         wrong: {} of {} cells differ from the exact solution\n", solved.wrong_cells,
               solved.judged_cells);
}

// Where a person looks: the results' stream or else that of messages.
std::FILE* terminal() {
  if (base::is_terminal(stdout)) return stdout;
  return base::is_terminal(stderr) ? stderr : nullptr;
}

}  // namespace

int cmd_puzzle(const Request& request) {
  const base::Timer timer;
  const auto options = config_of<PuzzleOptions>(request);
  check_output("strip", options.strip, ".svg");
  check_output("animate", options.animate, ".png");
  const std::string text = text_of(options.puzzle);
  const puzzle::Instances one = puzzle::instance_of_text(text);
  const std::string shipped = fmt::format("{}.safetensors", puzzle::task_of_text(text));
  const puzzle::Trained trained = puzzle::load_trained(model_file(options.model, shipped));
  const puzzle::Solved solved = puzzle::solve_puzzle(
      trained, one, {.iterations = options.iterations, .rtol = options.rtol, .restarts = options.restarts});
  if (!options.strip.empty()) write_strip(options.strip, one, solved);
  if (!options.animate.empty()) write_animation(options.animate, one, solved);
  if (!request.json && !request.quiet && terminal() != nullptr) animate(terminal(), one, solved);
  request.json ? print_json(one, solved, timer.seconds()) : print_text(one, solved);
  return solved.wrong_cells == 0 ? kDone : kNotReached;
}

}  // namespace fathom::app
