#include "fathom/domain/imaging/run_files.h"

#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/io/safetensors.h"
#include "fathom/train/model_card.h"
#include "fathom/train/tensor_file.h"

namespace fathom::imaging {

namespace {

constexpr const char* kFormat = "fathom-imaging-model-1";
constexpr std::string_view kLoad = "imaging::load_trained";
constexpr std::string_view kWeights = "weight:";

// What a model file says of its model and its training, checked as options are: a damaged number must not become the
// size of a tensor.
struct Card {
  std::string name;
  ModelOptions model;
  std::int64_t seed = 0, updates = 0, depth = 0;
  double seconds = 0, memory = 0, noise = 0;

  void fields(base::Fields& f) {
    f.add("name", name, "of the model in its study");
    f.add_choice("kind", model.kind, kKinds, "which model");
    f.add_choice("step", model.step, kSteps, "which step");
    f.add_choice("start", model.start, {"y", "zero"}, "x_0");
    f.add("layers", model.layers, {.at_least = 1, .at_most = 64}, "steps of an unrolled model");
    f.group("network", model.network);
    f.add("depth", depth, {.at_least = 0, .at_most = 100000}, "evaluations of the step in training");
    f.add("noise", noise, {.at_least = 0}, "of the training data");
    f.add("seed", seed, {.at_least = 0}, "of the training");
    f.add("updates", updates, {.at_least = 0}, "of the weights");
    f.add("seconds", seconds, {.at_least = 0}, "training time");
    f.add("memory", memory, {.at_least = 0}, "megabytes of an update");
  }
};

Card card_of(const Trained& trained) {
  const Training& t = trained.training;
  return {.name = trained.spec.name,
          .model = trained.spec.options,
          .seed = static_cast<std::int64_t>(t.seed),
          .updates = t.updates,
          .depth = t.depth,
          .seconds = t.seconds,
          .memory = t.memory,
          .noise = t.noise};
}

}  // namespace

std::string model_stem(const std::string& name, std::uint64_t seed) { return fmt::format("{}-seed{}", name, seed); }

std::filesystem::path RunFiles::model(const std::string& name, std::uint64_t seed) const {
  return folder_ / "models" / (model_stem(name, seed) + ".safetensors");
}

void RunFiles::clear_training() const {
  for (const char* part : {"models", "train", "events"}) std::filesystem::remove_all(folder_ / part);
}

void save_trained(const std::filesystem::path& path, const Trained& trained, const std::string& config) {
  Card card = card_of(trained);
  io::Safetensors file;
  file.metadata = {{"format", kFormat}, {"config", config}};
  const base::Fields fields = base::fields_of(card);
  for (const base::Field& field : fields.all()) file.metadata[field.name] = field.get();
  for (const auto& [name, tensor] : train::named_parameters(*trained.model))
    file.tensors.push_back(train::to_record(std::string(kWeights) + name, tensor));
  file.tensors.push_back(train::to_record("kernel", trained.kernel));
  train::append_curve(file, trained.training.losses);
  io::write_safetensors(path, file);
}

Trained load_trained(const std::filesystem::path& path, c10::Device device) {
  const std::string origin = path.string();
  if (!std::filesystem::exists(path)) base::fail(kLoad, "no file at {}; train the models first", origin);
  const io::Safetensors file = io::read_safetensors(path);
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    base::fail(kLoad, "{} is not a deblurring model of this version; train it with `fathom train imaging`", origin);
  }
  Card card;
  train::read_card(base::fields_of(card), file, kLoad, origin);
  Trained trained{.spec = {card.name, card.model},
                  .model = make_model(card.model, static_cast<std::uint64_t>(card.seed)),
                  .kernel = train::from_record(file.at("kernel")),
                  .training = {.seed = static_cast<std::uint64_t>(card.seed),
                               .updates = card.updates,
                               .seconds = card.seconds,
                               .memory = card.memory,
                               .depth = card.depth,
                               .noise = card.noise,
                               .losses = train::read_curve(file)}};
  train::copy_into(train::named_parameters(*trained.model), file, std::string(kWeights), origin);
  train::require_finite(*trained.model, kLoad, origin);
  for (const Tensor& parameter : trained.model->parameters()) parameter.set_requires_grad(false);
  trained.model->eval();
  trained.model->to(device);
  return trained;
}

}  // namespace fathom::imaging
