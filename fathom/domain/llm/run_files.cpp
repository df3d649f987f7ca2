#include "fathom/domain/llm/run_files.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <fmt/format.h>

#include "fathom/base/error.h"
#include "fathom/base/fields.h"
#include "fathom/domain/llm/checkpoint_folder.h"
#include "fathom/domain/llm/weights.h"
#include "fathom/io/safetensors.h"
#include "fathom/train/loss_curve.h"

namespace fathom::llm {

namespace {

constexpr const char* kFormat = "fathom-llm-training-1";

std::filesystem::path card_file(const std::filesystem::path& folder) { return folder / "training.safetensors"; }

// The numbers of a card, checked as options are.
struct Numbers {
  std::int64_t steps = 0;
  double seconds = 0, train_loss = 0;

  void fields(base::Fields& f) {
    f.add("steps", steps, {.at_least = 0}, "updates");
    f.add("seconds", seconds, {.at_least = 0}, "of training");
    f.add("train_loss", train_loss, {.at_least = 0}, "mean loss of the last tenth of the steps");
  }
};

}  // namespace

std::string model_stem(const std::string& name, std::uint64_t seed) { return fmt::format("{}-seed{}", name, seed); }

void RunFiles::clear_training() const {
  std::filesystem::remove_all(folder_ / "models");
  std::filesystem::remove_all(folder_ / "train");
  std::filesystem::remove_all(events());
}

TrainingCard card_of(const train::FitResult& fit) {
  train::LossCurve curve = train::thinned(fit.losses);
  return {.steps = fit.steps,
          .seconds = fit.seconds,
          .train_loss = train::recent_loss(fit),
          .loss_step = std::move(curve.step),
          .loss = std::move(curve.loss)};
}

void save_trained(const std::filesystem::path& folder, const Raven& model, const TrainingCard& card,
                  const std::map<std::string, std::string>& metadata) {
  Numbers numbers{card.steps, card.seconds, card.train_loss};
  io::Safetensors file;
  file.metadata["format"] = kFormat;
  const base::Fields fields = base::fields_of(numbers);
  for (const base::Field& field : fields.all()) file.metadata[field.name] = field.get();
  const auto points = static_cast<std::int64_t>(card.loss.size());
  file.tensors = {io::from_doubles("step", {points}, card.loss_step), io::from_doubles("loss", {points}, card.loss)};
  io::write_safetensors(card_file(folder), file);
  save_checkpoint_folder(folder, model, at::kBFloat16, metadata);
}

bool is_trained(const std::filesystem::path& folder) { return std::filesystem::exists(folder / "model.safetensors"); }

std::shared_ptr<Raven> load_raven(const std::filesystem::path& folder) {
  const auto model = std::make_shared<Raven>(read_model_config(folder));
  load(*model, read_weights(folder));
  for (const auto& item : model->named_parameters()) {
    if (!at::isfinite(item.value()).all().item<bool>()) {
      base::fail("llm::load_raven", "'{}' in {} holds NaN or infinity; train the model again", item.key(),
                 folder.string());
    }
    item.value().set_requires_grad(false);
  }
  return model;
}

TrainingCard load_card(const std::filesystem::path& folder) {
  const io::Safetensors file = io::read_safetensors(card_file(folder));
  Numbers numbers;
  const base::Fields fields = base::fields_of(numbers);
  for (const base::Field& field : fields.all()) {
    const auto found = file.metadata.find(field.name);
    if (found == file.metadata.end())
      base::fail("llm::load_card", "{} says nothing of '{}'; train the model again", folder.string(), field.name);
    field.set(found->second);
  }
  return {numbers.steps, numbers.seconds, numbers.train_loss, io::to_doubles(file.at("step")),
          io::to_doubles(file.at("loss"))};
}

}  // namespace fathom::llm
