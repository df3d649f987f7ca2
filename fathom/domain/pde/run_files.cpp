#include "fathom/domain/pde/run_files.h"

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/domain/pde/model.h"
#include "fathom/io/safetensors.h"
#include "fathom/train/model_card.h"
#include "fathom/train/tensor_file.h"

namespace fathom::pde {

namespace {

constexpr const char* kFormat = "fathom-pde-model-1";
constexpr std::string_view kLoad = "pde::load_trained";
constexpr std::string_view kWeights = "weight:";

// What a model file says of its network and its training, checked as options are: a damaged number must not become the
// size of a tensor.
struct Card {
  std::string name;
  ModelOptions network;
  Scaling scaling;
  double lr = 0, seconds = 0, viscosity = 1;
  std::int64_t seed = 0, depth = 0, grid = 1;

  void fields(base::Fields& f) {
    f.add("name", name, "of the network in its study");
    f.add_choice("kind", network.kind, kKinds, "which network");
    f.add("width", network.width, {.at_least = 1, .at_most = 1024}, "channels");
    f.add("modes", network.modes, {.at_least = 1, .at_most = 256}, "kept frequencies");
    f.add("blocks", network.depth, {.at_least = 1, .at_most = 64}, "blocks with weights of their own");
    f.add("padding", network.padding, {.at_least = 0, .at_most = 64}, "points added to the square");
    f.add("normalize", network.normalize, "instance norms");
    f.add("coordinates", network.coordinates, "channels that say where a point is");
    f.add("forcing_scale", scaling.forcing, {.above = 0}, "root mean square of the training forcings");
    f.add("vorticity_scale", scaling.vorticity, {.above = 0}, "root mean square of the training vorticities");
    f.add("viscosity", viscosity, {.above = 0}, "of the training flows");
    f.add("grid", grid, {.at_least = 1}, "points of the training flows");
    f.add("depth", depth, {.at_least = 0, .at_most = 100000}, "most evaluations of the block while training");
    f.add("seed", seed, {.at_least = 0}, "of the training");
    f.add("lr", lr, {.at_least = 0}, "step size");
    f.add("seconds", seconds, {.at_least = 0}, "training time");
  }
};

Card card_of(const Trained& trained) {
  const Training& t = trained.training;
  return {.name = trained.spec.name,
          .network = trained.spec.options,
          .scaling = trained.scaling,
          .lr = t.lr,
          .seconds = t.seconds,
          .viscosity = t.viscosity,
          .seed = static_cast<std::int64_t>(t.seed),
          .depth = t.depth,
          .grid = t.grid};
}

std::string file_name(std::string name) {
  for (std::size_t at = name.find("++"); at != std::string::npos; at = name.find("++")) name.replace(at, 2, "pp");
  return name;
}

}  // namespace

std::string model_stem(const std::string& name, std::uint64_t seed) {
  return fmt::format("{}-seed{}", file_name(name), seed);
}

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
  for (const auto& [name, tensor] : train::named_parameters(*trained.model)) {
    file.tensors.push_back(train::to_record(std::string(kWeights) + name, tensor));
  }
  train::append_curve(file, trained.training.losses);
  io::write_safetensors(path, file);
}

Trained load_trained(const std::filesystem::path& path, c10::Device device) {
  const std::string origin = path.string();
  if (!std::filesystem::exists(path)) base::fail(kLoad, "no file at {}; train the networks first", origin);
  const io::Safetensors file = io::read_safetensors(path);
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    base::fail(kLoad, "{} is not a network for flows of this version; train it with `fathom train pde`", origin);
  }
  Card card;
  train::read_card(base::fields_of(card), file, kLoad, origin);
  Trained trained{.spec = {card.name, card.network},
                  .model = make_model(card.network, static_cast<std::uint64_t>(card.seed)),
                  .scaling = card.scaling,
                  .training = {.seed = static_cast<std::uint64_t>(card.seed),
                               .lr = card.lr,
                               .seconds = card.seconds,
                               .depth = card.depth,
                               .grid = card.grid,
                               .viscosity = card.viscosity,
                               .losses = train::read_curve(file)}};
  train::copy_into(train::named_parameters(*trained.model), file, std::string(kWeights), origin);
  train::require_finite(*trained.model, kLoad, origin);
  for (const Tensor& parameter : trained.model->parameters()) parameter.set_requires_grad(false);
  trained.model->to(device);
  return trained;
}

}  // namespace fathom::pde
