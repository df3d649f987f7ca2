#include "fathom/train/checkpoint.h"

#include <charconv>

#include "fathom/base/error.h"
#include "fathom/tensor/convert.h"
#include "fathom/train/tensor_file.h"

namespace fathom::train {

namespace {

constexpr const char* kFormat = "fathom-checkpoint-1";

NamedTensors renamed(const NamedTensors& parameters, const std::vector<Tensor>& tensors) {
  NamedTensors named;
  for (std::size_t i = 0; i < parameters.size(); ++i) named.emplace_back(parameters[i].first, tensors[i]);
  return named;
}

void append(io::Safetensors& file, const std::string& prefix, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) file.tensors.push_back(to_record(prefix + name, tensor));
}

// Progress as one float64 tensor: exact, and no parsing of text.
std::vector<double> numbers(const FitResult& p, std::int64_t adam_steps) {
  return {static_cast<double>(p.status == FitStatus::finished),
          static_cast<double>(p.steps),
          static_cast<double>(p.best_step),
          p.best_loss,
          p.last_loss,
          p.lr,
          p.seconds,
          static_cast<double>(adam_steps)};
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const NamedTensors& parameters, Adam& adam,
                     const Checkpoint& state) {
  io::Safetensors file;
  file.metadata["format"] = kFormat;
  append(file, "now.", parameters);
  append(file, "best.", renamed(parameters, state.best));
  append(file, "adam.first.", renamed(parameters, adam.first_moments()));
  append(file, "adam.second.", renamed(parameters, adam.second_moments()));
  const std::vector<double> progress = numbers(state.progress, adam.steps());
  const std::vector<double>& losses = state.progress.losses;
  file.tensors.push_back(
      to_record("progress", tensor::from_doubles(progress, {static_cast<std::int64_t>(progress.size())}, at::kDouble)));
  file.tensors.push_back(
      to_record("losses", tensor::from_doubles(losses, {static_cast<std::int64_t>(losses.size())}, at::kDouble)));
  io::write_safetensors(path, file);
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const NamedTensors& parameters, Adam& adam) {
  const io::Safetensors file = io::read_safetensors(path);
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || format->second != kFormat) {
    base::fail("train::load_checkpoint", "{} is not a checkpoint of this version; start again without --resume",
               path.string());
  }
  Checkpoint state;
  for (const auto& [name, tensor] : parameters) state.best.push_back(tensor.detach().clone());
  const std::string origin = path.string();
  // Read into copies first, so that a refusal leaves the model as it was.
  std::vector<Tensor> now, first, second;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    now.push_back(state.best[i].clone());
    first.push_back(adam.first_moments()[i].clone());
    second.push_back(adam.second_moments()[i].clone());
  }
  copy_into(renamed(parameters, now), file, "now.", origin);
  copy_into(renamed(parameters, state.best), file, "best.", origin);
  copy_into(renamed(parameters, first), file, "adam.first.", origin);
  copy_into(renamed(parameters, second), file, "adam.second.", origin);
  const std::vector<double> p = io::to_doubles(file.at("progress"));
  if (p.size() != 8)
    base::fail("train::load_checkpoint", "{} holds {} progress numbers instead of 8; start again without --resume",
               origin, p.size());
  state.progress = {p[0] != 0 ? FitStatus::finished : FitStatus::interrupted,
                    static_cast<std::int64_t>(p[1]),
                    static_cast<std::int64_t>(p[2]),
                    p[3],
                    p[4],
                    p[5],
                    p[6],
                    io::to_doubles(file.at("losses"))};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor(parameters[i].second.detach()).copy_(now[i]);
    adam.first_moments()[i].copy_(first[i]);
    adam.second_moments()[i].copy_(second[i]);
  }
  adam.set_steps(static_cast<std::int64_t>(p[7]));
  return state;
}

}  // namespace fathom::train
