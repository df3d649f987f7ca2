// Text to tokens with Huginn's tokenizer (tests/golden/huginn), on this project's own pages and sources. The limit is
// one pass of its regular expression over the same text, which cuts it into pieces; what is above it are the merges.
#include <filesystem>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/row.h"
#include "fathom/base/file.h"
#include "fathom/io/pre_tokenizer.h"
#include "fathom/io/tokenizer.h"
#include "fathom/io/tokenizer_json.h"

namespace fathom::io {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = FATHOM_SOURCE_DIR;
const fs::path kFile = kSource / "tests/golden/huginn/tokenizer.json";

std::string sample() {
  std::string text;
  for (const char* name : {"docs/architecture.md", "docs/bibliography.md", "docs/choose-a-solver.md", "README.md",
                           "fathom/io/mps.cpp", "fathom/io/safetensors.cpp"}) {
    text += base::read_file(kSource / name);
  }
  return text;
}

void report_rate(benchmark::State& state, std::size_t bytes, double seconds) {
  state.counters["MB/s"] = 1e-6 * static_cast<double>(bytes) / seconds;
}

void tokenizer_encode(benchmark::State& state) {
  if (!fs::exists(kFile)) return state.SkipWithError("no tests/golden/huginn/tokenizer.json where this was built");
  const Tokenizer tokenizer = Tokenizer::read(kFile);
  const auto steps = parse_tokenizer_json(base::read_file(kFile), kFile.string()).pre_tokenizer;
  const std::string text = sample();
  std::vector<double> ours, pass;
  for (auto _ : state) {
    ours.push_back(bench::seconds_of([&] { return tokenizer.encode(text).size(); }));
    pass.push_back(bench::seconds_of([&] { return pre_tokenize(text, steps).list.size(); }));
  }
  report_rate(state, text.size(), bench::median(ours));
  bench::report_over_limit(state, {.ours = bench::median(ours), .limit = bench::median(pass)}, 1.5);
}
BENCHMARK(tokenizer_encode)->Iterations(15);

void tokenizer_decode(benchmark::State& state) {
  if (!fs::exists(kFile)) return state.SkipWithError("no tests/golden/huginn/tokenizer.json where this was built");
  const Tokenizer tokenizer = Tokenizer::read(kFile);
  const std::string text = sample();
  const auto ids = tokenizer.encode(text);
  std::vector<double> seconds;
  for (auto _ : state) seconds.push_back(bench::seconds_of([&] { return tokenizer.decode(ids).size(); }));
  report_rate(state, text.size(), bench::median(seconds));
}
BENCHMARK(tokenizer_decode)->Iterations(15);

// A piece of one letter repeated, the longest work that merging can have: time must grow with n log n.
void tokenizer_long_piece(benchmark::State& state) {
  if (!fs::exists(kFile)) return state.SkipWithError("no tests/golden/huginn/tokenizer.json where this was built");
  const Tokenizer tokenizer = Tokenizer::read(kFile);
  const std::string text(static_cast<std::size_t>(state.range(0)), 'a');
  std::vector<double> seconds;
  for (auto _ : state) seconds.push_back(bench::seconds_of([&] { return tokenizer.encode(text).size(); }));
  report_rate(state, text.size(), bench::median(seconds));
}
BENCHMARK(tokenizer_long_piece)->Arg(1000)->Arg(100'000)->Iterations(5);

}  // namespace
}  // namespace fathom::io
