// Files of trained networks: the weights, and what is needed to use them without the run.
#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/ones.h>

#include "fathom/base/error.h"
#include "fathom/domain/theory/run.h"
#include "fathom/train/fit.h"
#include "fathom/train/tensor_file.h"

namespace fathom::theory {

namespace {

constexpr const char* kFormat = "fathom-theory-network-1";
constexpr std::string_view kLoad = "theory::load_network";

// What a file says of its network and its training, checked as options are.
struct Card {
  std::string name, kind = "implicit";
  std::int64_t width = 256, seed = 0, updates = 0;
  double bound = 5, lr = 0, seconds = 0, train_loss = 0;

  void fields(base::Fields& f) {
    f.add("name", name, "of the network in its study");
    f.add_choice("kind", kind, {"implicit", "explicit"}, "which network");
    f.add("width", width, {.at_least = 1, .at_most = 65536}, "hidden units");
    f.add("bound", bound, {.above = 0}, "L");
    f.add("seed", seed, {.at_least = 0}, "of the training");
    f.add("updates", updates, {.at_least = 0}, "of the training");
    f.add("lr", lr, {.at_least = 0}, "step size");
    f.add("seconds", seconds, {.at_least = 0}, "training time");
    f.add("train_loss", train_loss, {.at_least = 0}, "lowest training loss");
  }
};

Card card_of(const std::map<std::string, std::string>& metadata, const std::string& origin) {
  Card card;
  const base::Fields fields = base::fields_of(card);
  for (const base::Field& field : fields.all()) {
    const auto found = metadata.find(field.name);
    if (found == metadata.end()) base::fail(kLoad, "{} says nothing of '{}'; train it again", origin, field.name);
    try {
      field.set(found->second);
    } catch (const UsageError& error) {
      base::fail(kLoad, "{} is damaged: {}", origin, error.what());
    }
  }
  return card;
}

void check_card(const Card& card, const NetworkSpec& spec, const std::string& origin) {
  const NetworkOptions& o = spec.options;
  if (card.name == spec.name && card.kind == o.kind && card.width == o.width && card.bound == o.bound) return;
  base::fail(kLoad, "{} holds '{}' of width {} and bound {}, not '{}'; begin in another folder", origin, card.name,
             card.width, card.bound, spec.name);
}

std::string file_stem(std::string name) {
  for (char& c : name) {
    if (c == ' ' || c == '=') c = '-';
  }
  return name;
}

}  // namespace

std::filesystem::path network_file(const std::filesystem::path& folder, const NetworkSpec& spec, std::uint64_t seed) {
  return folder / "models" / fmt::format("{}-seed{}.safetensors", file_stem(spec.name), seed);
}

void save_network(const std::filesystem::path& path, const TrainedNetwork& trained, const std::string& config) {
  const NetworkSpec& spec = trained.spec;
  Card card{.name = spec.name,
            .kind = spec.options.kind,
            .width = spec.options.width,
            .seed = static_cast<std::int64_t>(trained.seed),
            .updates = trained.updates,
            .bound = spec.options.bound,
            .lr = trained.lr,
            .seconds = trained.seconds,
            .train_loss = trained.train_loss};
  std::map<std::string, std::string> metadata = {{"format", kFormat}, {"config", config}};
  const base::Fields fields = base::fields_of(card);
  for (const base::Field& field : fields.all()) metadata[field.name] = field.get();
  train::save_model(path, train::named_parameters(*trained.network), metadata);
}

TrainedNetwork load_network(const Config& config, const std::filesystem::path& path, const NetworkSpec& spec,
                            std::uint64_t seed) {
  const std::string origin = path.string();
  if (!std::filesystem::exists(path)) base::fail(kLoad, "no file at {}; train the networks first", origin);
  const LearnedPoints points = learned_points(config, spec.target);
  TrainedNetwork trained{.spec = spec, .network = std::make_shared<Network>(spec.options, points.x, points.F)};
  const auto metadata = train::load_model(path, train::named_parameters(*trained.network));
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != kFormat) {
    base::fail(kLoad, "{} is no network of this study; train it again", origin);
  }
  const Card card = card_of(metadata, origin);
  check_card(card, spec, origin);
  trained.seed = seed;
  trained.lr = card.lr;
  trained.seconds = card.seconds;
  trained.train_loss = card.train_loss;
  trained.updates = card.updates;
  for (const auto& [name, parameter] : train::named_parameters(*trained.network)) {
    if (!at::isfinite(parameter).all().item<bool>()) base::fail(kLoad, "'{}' in {} is not finite", name, origin);
    Tensor(parameter).set_requires_grad(false);
  }
  return trained;
}

}  // namespace fathom::theory
