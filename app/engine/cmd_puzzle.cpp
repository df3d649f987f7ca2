// fathom puzzle solve: a bit string or a maze, iterated until its state stands still, shown on the way, verified.
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
#include "fathom/report/cell_strip.h"

namespace fathom::app {

namespace {

constexpr int kDone = 0, kNotReached = 3;
constexpr std::size_t kMostFrames = 60;  // of the animation, five seconds
constexpr auto kFrameTime = std::chrono::milliseconds(80);

std::string text_of(const std::string& puzzle) {
  return puzzle::task_of_text(puzzle) == "parity" ? puzzle : base::read_file(puzzle);
}

void check_output(const std::string& path) {
  if (path.empty() || path.ends_with(".svg")) return;
  throw UsageError(fmt::format("[app::puzzle] strip = {} violates *.svg; name a file with this ending", path));
}

// Replays the iterations on the terminal, each frame over the one before.
void animate(const puzzle::Instances& one, const puzzle::Solved& solved) {
  fmt::print("\x1b[?1049h");  // the terminal's other screen; its own comes back as it was
  const std::size_t every = std::max<std::size_t>(1, solved.frames.size() / kMostFrames);
  for (std::size_t t = 0; t < solved.frames.size(); t += every) {
    fmt::print("\x1b[H\x1b[Jt = {}\n{}", t, puzzle::answer_text(one, solved.frames[t]));
    std::fflush(stdout);
    std::this_thread::sleep_for(kFrameTime);
  }
  fmt::print("\x1b[?1049l");
}

// Cells for the strip: walls, then the classes of the answer; a start and a goal are on the path.
std::vector<std::uint8_t> cells_of(const puzzle::Instances& one, const std::vector<std::uint8_t>& answer) {
  std::vector<std::uint8_t> cells(answer.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool wall = one.target[i] == puzzle::kUnjudged;
    cells[i] = wall ? 2 : answer[i];
  }
  return cells;
}

// t = 0, 1, 2, 4, 8, ... and the last.
std::vector<std::size_t> times_of(std::size_t frames) {
  std::vector<std::size_t> times{0};
  for (std::size_t t = 1; t + 1 < frames; t *= 2) times.push_back(t);
  if (frames > 1) times.push_back(frames - 1);
  return times;
}

void write_strip(const std::string& path, const puzzle::Instances& one, const puzzle::Solved& solved) {
  const bool maze = one.channels == 3;
  report::CellStrip strip{
      .title = "The answer while the state converges",
      .caption = fmt::format("Each field is the answer read from the state after t iterations; {}.",
                             solved.converged ? "the last is a fixed point" : "not converged"),
      .height = one.height,
      .width = one.width,
      .legend = maze ? std::vector<std::string>{"", "on the path", "wall"} : std::vector<std::string>{"", "odd"},
      .frames = {}};
  for (const std::size_t t : times_of(solved.frames.size()))
    strip.frames.push_back({fmt::format("t = {}", t), cells_of(one, solved.frames[t])});
  base::write_atomically(path, report::to_svg(strip));
}

void print_json(const puzzle::Instances& one, const puzzle::Solved& solved, double seconds) {
  const nlohmann::ordered_json json = {{"puzzle", one.channels == 3 ? "maze" : "parity"},
                                       {"height", one.height},
                                       {"width", one.width},
                                       {"converged", solved.converged},
                                       {"iterations", solved.iterations},
                                       {"residual", solved.residual},
                                       {"right", solved.wrong_cells == 0},
                                       {"wrong_cells", solved.wrong_cells},
                                       {"answer", puzzle::answer_text(one, solved.answer())},
                                       {"seconds", seconds}};
  fmt::print("{}\n", json.dump(2));
}

void print_text(const puzzle::Instances& one, const puzzle::Solved& solved) {
  fmt::print("{}", puzzle::answer_text(one, solved.answer()));
  fmt::print("state          {} after {} iterations, relative residual {:.1e}\n",
             solved.converged ? "converged" : "not converged", solved.iterations, solved.residual);
  if (solved.wrong_cells == 0)
    fmt::print("answer         right: all {} cells agree with the exact solution\n", solved.judged_cells);
  else
    fmt::print("answer         wrong: {} of {} cells differ from the exact solution\n", solved.wrong_cells,
               solved.judged_cells);
}

}  // namespace

int cmd_puzzle(const Request& request) {
  const base::Timer timer;
  const auto options = config_of<PuzzleOptions>(request);
  check_output(options.strip);
  const std::string text = text_of(options.puzzle);
  const puzzle::Instances one = puzzle::instance_of_text(text);
  const std::string shipped = fmt::format("{}.safetensors", puzzle::task_of_text(text));
  const puzzle::Trained trained = puzzle::load_trained(model_file(options.model, shipped));
  const puzzle::Solved solved =
      puzzle::solve_puzzle(trained, one, {.iterations = options.iterations, .rtol = options.rtol});
  if (!options.strip.empty()) write_strip(options.strip, one, solved);
  if (!request.json && base::is_terminal(stdout)) animate(one, solved);
  request.json ? print_json(one, solved, timer.seconds()) : print_text(one, solved);
  return solved.wrong_cells == 0 ? kDone : kNotReached;
}

}  // namespace fathom::app
