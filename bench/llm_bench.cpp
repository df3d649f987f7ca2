// domain/llm: one core layer of Huginn-0125's widths, one token, against the speed of memory.
#include <functional>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "bench/read_stream.h"
#include "bench/row.h"
#include "fathom/domain/llm/cached_attention.h"
#include "fathom/domain/llm/initial_weights.h"
#include "fathom/domain/llm/packed_block.h"
#include "fathom/kernel/huge_pages.h"

namespace fathom::llm {
namespace {

ModelConfig huginn() {
  ModelConfig c;
  c.width = 5280;
  c.heads = 55;
  c.hidden = 17920;
  c.vocabulary = 65536;
  c.context = 4096;
  c.core = 1;
  c.recurrences = 32;
  c.rope_base = 50000;
  c.norm_eps = 1e-6;
  c.qk_bias = true;
  c.init_std = 0.0087;
  return c;
}

// Arguments: bits of a weight, positions in the cache.
void core_layer(benchmark::State& state) {
  const ModelConfig c = huginn();
  const auto format = state.range(0) == 16 ? kernel::WeightFormat::bf16 : kernel::WeightFormat::int8;
  const std::int64_t seen = state.range(1);
  const nn::BlockOptions options{
      .width = c.width, .heads = c.heads, .hidden = c.hidden, .eps = c.norm_eps, .qk_bias = true};
  const PackedBlock block(options, initial_weights(c, 0), "transformer.core_block.0.", format);
  const nn::RotaryTable rotary = nn::rotary_table(c.context, c.head_dim(), c.rope_base);
  PackedWorkspace work;
  work.reserve(c, 1);
  Cache cache = make_tensor_cache(c, {{}, 1, seen + 1}, at::kFloat);
  cache.slots.store(0, 0, seen);
  const Piece piece{&cache, seen, 1};
  const Tensor x = at::randn({c.width});
  const auto bytes = static_cast<double>(block.bytes());
  const Tensor stream = at::empty({static_cast<std::int64_t>(block.bytes() / sizeof(float))});
  kernel::prefer_huge_pages(stream.data_ptr(), stream.nbytes());
  stream.fill_(1);
  std::vector<double> ours, limit;
  for (auto _ : state) {
    ours.push_back(bench::seconds_of([&] { block.run({&piece, 1}, 0, rotary, work, x.data_ptr<float>()); }));
    limit.push_back(bench::seconds_of([&] { benchmark::DoNotOptimize(bench::read_stream(stream)); }));
  }
  state.counters["GB/s"] = 1e-9 * bytes / bench::median(ours);
  // int8 reads half the bytes of bf16 in at least 0.6 of the stream's speed.
  bench::report_of_limit(state, {.ours = bench::median(ours), .limit = bench::median(limit)},
                         format == kernel::WeightFormat::bf16 ? .85 : .6);
}
BENCHMARK(core_layer)
    ->ArgsProduct({{16, 8}, {128}})
    ->ArgNames({"bits", "seen"})
    ->Iterations(9)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fathom::llm
