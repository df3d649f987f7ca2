// Puzzles drawn a minute: a study draws fresh ones for every update. What is asked is 100 000. Bit strings and mazes by
// one thread, Sudokus by every core.
#include <chrono>
#include <vector>

#include <benchmark/benchmark.h>
#include <omp.h>

#include "bench/row.h"
#include "fathom/domain/puzzle/maze.h"
#include "fathom/domain/puzzle/parity.h"
#include "fathom/domain/puzzle/sudoku.h"

namespace fathom::puzzle {
namespace {

constexpr std::int64_t kBatch = 256;
constexpr double kAMinute = 100'000;

template <class Draw>
void measure_rate(benchmark::State& state, Draw draw) {
  std::vector<double> seconds;
  for (auto _ : state) {  // by the clock: processor time is that of all threads together
    const auto start = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(draw(seconds.size()).target.size());
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const double rate = 60 * static_cast<double>(kBatch) / bench::median(seconds);
  state.counters["puzzles/min"] = rate;
  bench::report(state, {.ours = bench::median(seconds) / static_cast<double>(kBatch)});
  bench::report_ratio(state, rate / kAMinute, "puzzles a minute / 100000", bench::Wanted::at_least, 1);
}

void puzzle_parity(benchmark::State& state) {
  measure_rate(state, [&](std::uint64_t seed) { return parity(kBatch, state.range(0), seed); });
}
BENCHMARK(puzzle_parity)->Arg(32)->Arg(512)->Iterations(15);

void puzzle_maze(benchmark::State& state) {
  measure_rate(state, [&](std::uint64_t seed) { return mazes(kBatch, state.range(0), seed); });
}
BENCHMARK(puzzle_maze)->Arg(9)->Arg(33)->Iterations(15);

// By grade; nothing is a transformed copy.
void puzzle_sudoku(benchmark::State& state) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(omp_get_num_procs());
  measure_rate(state, [&](std::uint64_t seed) { return sudokus(kBatch, state.range(0), seed); });
  omp_set_num_threads(threads);
}
BENCHMARK(puzzle_sudoku)->DenseRange(1, kSudokuGrades)->Iterations(15);

}  // namespace
}  // namespace fathom::puzzle
