#include <array>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/timer.h"
#include "fathom/domain/pde/data.h"
#include "fathom/domain/pde/drawn_parts.h"
#include "fathom/domain/pde/file_data.h"

namespace fathom::pde {

namespace {

// What the pairs depend on, and nothing else: a larger set goes on from the parts of a smaller one.
std::string pairs_text(const GenerateOptions& options, std::uint64_t seed) {
  GenerateOptions generate = options;
  return fmt::format("seed = {}\n{}", seed, base::to_toml(base::fields_of(generate)));
}

std::string draw_text(const DataConfig& config, std::uint64_t seed) {
  if (!config.file.empty()) return file_text(config);
  return fmt::format("train = {}\ntest = {}\n{}", config.train, config.test, pairs_text(config.generate, seed));
}

std::optional<FlowData> draw(const DataConfig& config, const std::filesystem::path& parts, std::uint64_t seed,
                             const std::atomic<bool>* stop) {
  FlowData data{.viscosity = config.generate.viscosity, .draw = draw_text(config, seed)};
  struct Split {
    const char* name;
    std::int64_t count;
    FlowSet& set;
  };
  const std::array splits = {Split{"train", config.train, data.train}, Split{"test", config.test, data.test}};
  for (const Split& split : splits) {
    const Generator generator(config.generate, seed, fmt::format("pde {}", split.name));
    DrawnParts drawn(generator, parts, split.name, pairs_text(config.generate, seed));
    if (!drawn.reach(split.count, stop)) return std::nullopt;
    split.set = drawn.first(split.count);
    for (const auto& [name, value] : drawn.statistics(split.count))
      data.statistics[fmt::format("{}: {}", split.name, name)] = value;
  }
  data.sha256 = hash_of(data);
  return data;
}

}  // namespace

std::optional<FlowData> make_data(const DataConfig& config, const std::filesystem::path& folder, std::uint64_t seed,
                                  const std::atomic<bool>* stop) {
  DataConfig checked = config;
  base::validate(base::fields_of(checked));
  const std::filesystem::path path = folder / "data.safetensors", parts = folder / "data.parts";
  if (std::filesystem::exists(path)) {
    FlowData data = load_data(path);
    if (data.draw == draw_text(config, seed)) return data;
    base::info("the flows in {} were drawn with other options; drawing anew", path.string());
  }
  const base::Timer timer;
  std::optional<FlowData> data = config.file.empty() ? draw(config, parts, seed, stop) : flows_of_file(config);
  if (!data) return data;
  save_data(path, *data);
  std::filesystem::remove_all(parts);
  base::info("{} {} + {} steady flows in {:.1f} s: {}", config.file.empty() ? "drew" : "took", config.train,
             config.test, timer.seconds(), path.string());
  return data;
}

}  // namespace fathom::pde
