#include <fmt/format.h>

#include "fathom/base/log.h"
#include "fathom/base/timer.h"
#include "fathom/domain/lp/generate.h"
#include "fathom/domain/lp/run.h"
#include "fathom/domain/lp/run_files.h"

namespace fathom::lp {

namespace {

void describe(const std::string& part, const Drawn& drawn, Splits& splits) {
  for (const auto& [name, value] : statistics(drawn)) splits.statistics[part + ": " + name] = value;
}

// What the draw depends on, and nothing else.
std::string draw_text(const Config& config, std::uint64_t seed) {
  DataConfig data = config.data;
  return fmt::format("seed = {}\n{}", seed, base::to_toml(base::fields_of(data)));
}

}  // namespace

Splits make_data(const Config& config, const Run& run) {
  config.check();
  const RunFiles files(run.folder);
  const std::string draw = draw_text(config, run.seed);
  if (std::filesystem::exists(files.data())) {
    Splits splits = load_splits(files.data());
    if (splits.draw == draw) return splits;
    base::info("the data in {} were drawn with other options; drawing anew", files.data().string());
  }
  const base::Timer timer;
  const Protocol protocol = config.data.protocol == "paper" ? Protocol::paper : Protocol::exact;
  Splits splits;
  Drawn train = generate(config.data.generate, config.data.train, run.seed, "lp train", protocol);
  Drawn test = generate(config.data.generate, config.data.test, run.seed, "lp test", protocol);
  describe("train", train, splits);
  describe("test", test, splits);
  splits.train = std::move(train.data);
  splits.test = std::move(test.data);
  splits.draw = draw;
  splits.sha256 = hash_of(splits);
  save_splits(files.data(), splits);
  base::info("drew and labelled {} + {} linear programs in {:.1f} s: {}", config.data.train, config.data.test,
             timer.seconds(), files.data().string());
  return splits;
}

}  // namespace fathom::lp
