#include "fathom/domain/lp/run_files.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "fathom/train/tensor_file.h"

namespace fathom::lp {

namespace {

constexpr const char* kFormat = "fathom-lp-model-1";
constexpr std::int64_t kCurvePoints = 400;
constexpr std::string_view kWeights = "weight:";

// Both stages one after the other, thinned to the lowest loss of each of kCurvePoints stretches.
void append_curve(io::Safetensors& file, const TrainingOutcome& outcome) {
  std::vector<double> losses = outcome.first.losses;
  losses.insert(losses.end(), outcome.second.losses.begin(), outcome.second.losses.end());
  const auto count = static_cast<std::int64_t>(losses.size());
  const std::int64_t stretch = std::max<std::int64_t>(1, (count + kCurvePoints - 1) / kCurvePoints);
  std::vector<double> step, loss;
  for (std::int64_t begin = 0; begin < count; begin += stretch) {
    const std::int64_t end = std::min(begin + stretch, count);
    step.push_back(static_cast<double>(end));
    loss.push_back(*std::min_element(losses.begin() + begin, losses.begin() + end));
  }
  const auto points = static_cast<std::int64_t>(step.size());
  file.tensors.push_back(io::from_doubles("curve:step", {points}, step));
  file.tensors.push_back(io::from_doubles("curve:loss", {points}, loss));
}

double number(const io::Safetensors& file, const std::string& key, const std::string& origin) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    base::fail("lp::load_trained", "{} says nothing of '{}'; train the model again", origin, key);
  return std::strtod(found->second.c_str(), nullptr);
}

}  // namespace

std::string model_stem(const std::string& name, std::uint64_t seed) { return fmt::format("{}-seed{}", name, seed); }

std::filesystem::path RunFiles::model(const std::string& name, std::uint64_t seed) const {
  return folder_ / "models" / (model_stem(name, seed) + ".safetensors");
}

void RunFiles::clear_training() const {
  for (const char* part : {"models", "train", "events"}) std::filesystem::remove_all(folder_ / part);
}

void save_trained(const std::filesystem::path& path, const ModelSpec& spec, const Model& model,
                  const TrainingOutcome& outcome) {
  io::Safetensors file;
  file.metadata = {
      {"format", kFormat},
      {"name", spec.name},
      {"kind", spec.kind},
      {"embedding", fmt::format("{}", spec.options.embedding)},
      {"rounds", fmt::format("{}", spec.options.rounds)},
      {"bound_flags", fmt::format("{}", spec.options.bound_flags ? 1 : 0)},
      {"depth", fmt::format("{}", spec.depth)},
      {"seed", fmt::format("{}", outcome.seed)},
      {"lr", fmt::format("{}", outcome.lr)},
      {"p_infinite", fmt::format("{}", outcome.p_infinite)},
      {"seconds_stage1", fmt::format("{}", outcome.first.seconds)},
      {"seconds_stage2", fmt::format("{}", outcome.second.seconds)},
      {"train_loss", fmt::format("{}", outcome.second.steps > 0 ? outcome.second.best_loss : outcome.first.best_loss)},
  };
  for (const auto& [name, tensor] : train::named_parameters(model)) {
    file.tensors.push_back(train::to_record(std::string(kWeights) + name, tensor));
  }
  append_curve(file, outcome);
  io::write_safetensors(path, file);
}

Trained load_trained(const std::filesystem::path& path) {
  const io::Safetensors file = io::read_safetensors(path);
  const std::string origin = path.string();
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    base::fail("lp::load_trained",
               "{} is not a model for linear programs of this version; train it with `fathom train lp`", origin);
  }
  Trained trained;
  trained.spec.name = file.metadata.at("name");
  trained.spec.kind = file.metadata.at("kind");
  trained.spec.options.embedding = static_cast<std::int64_t>(number(file, "embedding", origin));
  trained.spec.options.rounds = static_cast<std::int64_t>(number(file, "rounds", origin));
  trained.spec.options.bound_flags = number(file, "bound_flags", origin) != 0;
  trained.spec.depth = static_cast<std::int64_t>(number(file, "depth", origin));
  trained.seed = static_cast<std::uint64_t>(number(file, "seed", origin));
  trained.lr = number(file, "lr", origin);
  trained.seconds_stage1 = number(file, "seconds_stage1", origin);
  trained.seconds_stage2 = number(file, "seconds_stage2", origin);
  trained.p_infinite = number(file, "p_infinite", origin);
  trained.train_loss = number(file, "train_loss", origin);
  trained.loss_step = io::to_doubles(file.at("curve:step"));
  trained.loss = io::to_doubles(file.at("curve:loss"));
  trained.model = make_model(trained.spec, trained.seed);
  train::copy_into(train::named_parameters(*trained.model), file, std::string(kWeights), origin);
  for (const Tensor& parameter : trained.model->parameters()) parameter.set_requires_grad(false);
  return trained;
}

}  // namespace fathom::lp
