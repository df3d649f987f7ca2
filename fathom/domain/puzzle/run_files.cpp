#include "fathom/domain/puzzle/run_files.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/domain/puzzle/model.h"
#include "fathom/io/safetensors.h"
#include "fathom/train/loss_curve.h"
#include "fathom/train/model_card.h"
#include "fathom/train/tensor_file.h"

namespace fathom::puzzle {

namespace {

constexpr const char* kFormat = "fathom-puzzle-model-1";
constexpr std::string_view kWeights = "weight:";

// All stages one after the other; losses of random puzzles are noisy, so each point is the mean of a stretch.
train::LossCurve curve_of(const std::vector<train::FitResult>& stages) {
  std::vector<double> losses;
  for (const train::FitResult& stage : stages) losses.insert(losses.end(), stage.losses.begin(), stage.losses.end());
  return train::thinned(losses);
}

// What a model file says of its network and its training, checked as options are: a damaged number must not become
// the size of a tensor.
struct Card {
  std::string name, kind = "implicit", task = "parity";
  std::int64_t channels = 1, classes = 2, kernel_height = 1, width = 32, rounds = 1, depth = 0, seed = 0;
  double seconds = 0;

  void fields(base::Fields& f) {
    f.add("name", name, "of the model in its study");
    f.add_choice("kind", kind, {"implicit", "explicit"}, "which network");
    f.add_choice("task", task, {"parity", "maze", "sudoku"}, "which puzzle");
    f.add("channels", channels, {.at_least = 1, .at_most = 64}, "features of a cell");
    f.add("classes", classes, {.at_least = 2, .at_most = 64}, "answers of a cell");
    f.add("kernel_height", kernel_height, {.at_least = 1, .at_most = 3}, "1: bit strings, 3: fields");
    f.add("width", width, {.at_least = 1, .at_most = 512}, "channels of the state");
    f.add("rounds", rounds, {.at_least = 1, .at_most = 256}, "blocks of an explicit network");
    f.add("depth", depth, {.at_least = 0, .at_most = 100000}, "iterations of the last training stage");
    f.add("seed", seed, {.at_least = 0}, "of the training");
    f.add("seconds", seconds, {.at_least = 0}, "training time");
  }
};

Card card_of(const ModelSpec& spec, std::uint64_t seed) {
  const ModelOptions& o = spec.options;
  return {.name = spec.name,
          .kind = spec.kind,
          .task = spec.task,
          .channels = o.channels,
          .classes = o.classes,
          .kernel_height = o.kernel_height,
          .width = o.width,
          .rounds = o.rounds,
          .depth = spec.depth,
          .seed = static_cast<std::int64_t>(seed)};
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
                  const std::vector<train::FitResult>& stages, std::uint64_t seed, const std::string& config) {
  Card card = card_of(spec, seed);
  for (const train::FitResult& stage : stages) card.seconds += stage.seconds;
  io::Safetensors file;
  file.metadata = {{"format", kFormat}, {"config", config}};
  const base::Fields fields = base::fields_of(card);
  for (const base::Field& field : fields.all()) file.metadata[field.name] = field.get();
  for (const auto& [name, tensor] : train::named_parameters(model)) {
    file.tensors.push_back(train::to_record(std::string(kWeights) + name, tensor));
  }
  train::append_curve(file, curve_of(stages));
  io::write_safetensors(path, file);
}

Trained load_trained(const std::filesystem::path& path, c10::Device device) {
  const io::Safetensors file = io::read_safetensors(path);
  const std::string origin = path.string();
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    base::fail("puzzle::load_trained",
               "{} is not a model for puzzles of this version; train it with `fathom train puzzle`", origin);
  }
  Card card;
  train::read_card(base::fields_of(card), file, "puzzle::load_trained", origin);
  Trained trained;
  trained.spec = {card.name,
                  card.kind,
                  card.task,
                  {.channels = card.channels,
                   .classes = card.classes,
                   .kernel_height = card.kernel_height,
                   .width = card.width,
                   .rounds = card.rounds},
                  card.depth};
  trained.seed = static_cast<std::uint64_t>(card.seed);
  trained.seconds = card.seconds;
  train::LossCurve curve = train::read_curve(file);
  trained.loss_step = std::move(curve.step);
  trained.loss = std::move(curve.loss);
  trained.model = make_model(trained.spec, trained.seed);
  train::copy_into(train::named_parameters(*trained.model), file, std::string(kWeights), origin);
  train::require_finite(*trained.model, "puzzle::load_trained", origin);
  for (const Tensor& parameter : trained.model->parameters()) parameter.set_requires_grad(false);
  trained.model->to(device);
  return trained;
}

}  // namespace fathom::puzzle
