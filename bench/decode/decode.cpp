// Decoding speed of a whole Raven with random weights, against the time that reading its weights takes:
//   bench_decode CONFIG_FOLDER [bf16|int8|int4|fp32] [recurrences] [tokens]
// One JSON line: seconds a token, bytes of weights a token, the machine's read stream on the same threads, the ratio of
// the two speeds, seconds for the prompt, and the largest memory of the process.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <fmt/format.h>
#include <omp.h>
#include <sys/resource.h>

#include "bench/clock.h"
#include "bench/read_stream.h"
#include "fathom/base/timer.h"
#include "fathom/domain/llm/decoder.h"
#include "fathom/domain/llm/initial_state.h"
#include "fathom/domain/llm/initial_weights.h"
#include "fathom/domain/llm/packed_raven.h"
#include "fathom/kernel/huge_pages.h"

namespace fathom::llm {
namespace {

// Processor time where one thread works, so that other work on the machine does not count.
template <class Work>
double seconds(const Work& work) {
  if (omp_get_max_threads() == 1) return bench::seconds_of(work);
  const base::Timer timer;
  static_cast<void>(work());
  return timer.seconds();
}

// Bytes a second that all threads together read from memory, the mean of a few passes, as a token is one of many reads.
double stream_speed() {
  const int threads = omp_get_max_threads();
  constexpr std::int64_t kEach = std::int64_t{1} << 28;  // bytes
  std::vector<Tensor> parts;
  for (int i = 0; i < threads; ++i) {
    parts.push_back(at::empty({kEach / 4}));
    kernel::prefer_huge_pages(parts.back().data_ptr(), kEach);
    parts.back().fill_(1);
  }
  constexpr int kPasses = 8;
  float sum = 0;
  const double spent = seconds([&] {
    for (int pass = 0; pass < kPasses; ++pass) {
#pragma omp parallel for schedule(static, 1) reduction(+ : sum)
      for (int i = 0; i < threads; ++i) sum += bench::read_stream(parts[i]);
    }
    return sum;
  });
  if (sum == 0) std::puts("");  // the sum is needed
  return kPasses * static_cast<double>(kEach) * threads / spent;
}

double gigabytes_used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e6;
}

kernel::WeightFormat format_of(const std::string& name) {
  if (name == "int8") return kernel::WeightFormat::int8;
  if (name == "int4") return kernel::WeightFormat::int4;
  return name == "fp32" ? kernel::WeightFormat::f32 : kernel::WeightFormat::bf16;
}

// Weights for timing: one pool of initial weights, again and again. Drawing three thousand million numbers takes longer
// than reading a checkpoint.
Weights pooled(const ModelConfig& config) {
  const Tensor pool = initial_weights(config, 0).get("transformer.prelude.0.attn.proj.weight").flatten();
  const auto get = [config, pool](const std::string& name) {
    const std::vector<std::int64_t> shape = weight_shape(config, name);
    if (shape.size() != 2) return at::ones(shape);
    const std::int64_t count = shape[0] * shape[1], size = pool.numel();
    Tensor weight = at::empty({count});
    for (std::int64_t at = 0; at < count; at += size)
      weight.narrow(0, at, std::min(size, count - at)).copy_(pool.narrow(0, 0, std::min(size, count - at)));
    return weight.view(shape);
  };
  return {[config](const std::string& name) { return !weight_shape(config, name).empty(); }, get, "a pool"};
}

int measure(const std::string& folder, const std::string& format, std::int64_t steps, std::int64_t tokens) {
  const ModelConfig config = read_model_config(folder);
  const base::Timer making;
  PackedRaven model(config, pooled(config), format_of(format));
  const double made = making.seconds();
  constexpr std::int64_t kPrompt = 32;
  Cache cache = model.make_cache({{}, steps, kPrompt + tokens});
  Decoder decoder(model);
  const InitialState start = random_state(config, 0);
  std::vector<float> x0(kPrompt * config.width);
  std::vector<std::int64_t> ids(kPrompt, 1);
  const auto pass = [&](std::int64_t first, std::int64_t rows) {
    start(first, rows, x0.data());
    const Work work{&cache, first, std::span(ids).first(rows), x0.data(), steps};
    return seconds([&] { return ids[0] = decoder.run({&work, 1}, {})[0].logits[0] > 0 ? 1 : 2; });
  };
  const double prompt = pass(0, kPrompt);
  std::vector<double> spent, streams;
  for (std::int64_t t = 0; t < tokens; ++t) {
    streams.push_back(stream_speed());
    spent.push_back(pass(kPrompt + t, 1));
  }
  const double token = bench::median(spent), bytes = model.bytes_read(steps), stream = bench::median(streams);
  fmt::print(
      "{{\"format\": \"{}\", \"recurrences\": {}, \"threads\": {}, \"seconds_per_token\": {:.4f}, \"gb_per_token\": "
      "{:.3f}, \"gb_per_second\": {:.2f}, \"stream_gb_per_second\": {:.2f}, \"ratio\": {:.3f}, "
      "\"prompt_tokens\": {}, \"prompt_seconds\": {:.2f}, \"seconds_to_make\": {:.1f}, \"max_rss_gb\": {:.2f}}}\n",
      format, steps, omp_get_max_threads(), token, bytes / 1e9, bytes / token / 1e9, stream / 1e9,
      bytes / token / stream, kPrompt, prompt, made, gigabytes_used());
  return 0;
}

}  // namespace
}  // namespace fathom::llm

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bench_decode CONFIG_FOLDER [bf16|int8|int4|fp32] [recurrences] [tokens]\n", stderr);
    return 2;
  }
  const auto number = [&](int i, std::int64_t otherwise) { return argc > i ? std::atoll(argv[i]) : otherwise; };
  return fathom::llm::measure(argv[1], argc > 2 ? argv[2] : "bf16", number(3, 4), number(4, 8));
}
