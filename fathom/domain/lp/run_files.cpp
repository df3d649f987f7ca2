#include "fathom/domain/lp/run_files.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/io/safetensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/device.h"
#include "fathom/train/model_card.h"
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

// What a model file says of its network and its training, checked as options are: a damaged number must not become
// the size of a tensor.
struct Card {
  std::string name, kind = "implicit";
  std::int64_t embedding = 8, rounds = 2, bound_flags = 0, depth = 0, seed = 0;
  double lr = 0, p_infinite = 0, seconds_stage1 = 0, seconds_stage2 = 0, train_loss = 0;

  void fields(base::Fields& f) {
    f.add("name", name, "of the model in its study");
    f.add_choice("kind", kind, {"implicit", "explicit"}, "which network");
    f.add("embedding", embedding, {.at_least = 1, .at_most = 256}, "width");
    f.add("rounds", rounds, {.at_least = 1, .at_most = 64}, "message-passing rounds of an explicit network");
    f.add("bound_flags", bound_flags, {.at_least = 0, .at_most = 1}, "features say which bounds are infinite");
    f.add("depth", depth, {.at_least = 0, .at_most = 100000}, "iterations of the last training stage");
    f.add("seed", seed, {.at_least = 0}, "of the training");
    f.add("lr", lr, {.at_least = 0}, "step size of the first stage");
    f.add("p_infinite", p_infinite, {.at_least = 0, .below = 1}, "probability of an infinite bound in training");
    f.add("seconds_stage1", seconds_stage1, {.at_least = 0}, "training time");
    f.add("seconds_stage2", seconds_stage2, {.at_least = 0}, "training time");
    f.add("train_loss", train_loss, {.at_least = 0}, "lowest training loss");
  }
};

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
  Card card{.name = spec.name,
            .kind = spec.kind,
            .embedding = spec.options.embedding,
            .rounds = spec.options.rounds,
            .bound_flags = spec.options.bound_flags ? 1 : 0,
            .depth = spec.depth,
            .seed = static_cast<std::int64_t>(outcome.seed),
            .lr = outcome.lr,
            .p_infinite = outcome.p_infinite,
            .seconds_stage1 = outcome.first.seconds,
            .seconds_stage2 = outcome.second.seconds,
            .train_loss = outcome.second.steps > 0 ? outcome.second.best_loss : outcome.first.best_loss};
  io::Safetensors file;
  file.metadata = {{"format", kFormat}, {"config", outcome.config}, {"data_sha256", outcome.data_sha256}};
  const base::Fields fields = base::fields_of(card);
  for (const base::Field& field : fields.all()) file.metadata[field.name] = field.get();
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
  Card card;
  train::read_card(base::fields_of(card), file, "lp::load_trained", origin);
  Trained trained;
  trained.spec = {.name = card.name,
                  .kind = card.kind,
                  .options = {.embedding = card.embedding, .rounds = card.rounds, .bound_flags = card.bound_flags != 0},
                  .depth = card.depth};
  trained.seed = static_cast<std::uint64_t>(card.seed);
  trained.lr = card.lr;
  trained.seconds_stage1 = card.seconds_stage1;
  trained.seconds_stage2 = card.seconds_stage2;
  trained.p_infinite = card.p_infinite;
  trained.train_loss = card.train_loss;
  trained.loss_step = io::to_doubles(file.at("curve:step"));
  trained.loss = io::to_doubles(file.at("curve:loss"));
  trained.model = make_model(trained.spec, trained.seed);
  train::copy_into(train::named_parameters(*trained.model), file, std::string(kWeights), origin);
  train::require_finite(*trained.model, "lp::load_trained", origin);
  for (const Tensor& parameter : trained.model->parameters()) parameter.set_requires_grad(false);
  return trained;
}

}  // namespace fathom::lp
