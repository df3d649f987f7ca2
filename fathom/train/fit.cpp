#include "fathom/train/fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/progress.h"
#include "fathom/base/thinned_warnings.h"
#include "fathom/base/timer.h"
#include "fathom/train/adam.h"
#include "fathom/train/checkpoint.h"
#include "fathom/train/observer.h"

namespace fathom::train {

namespace {

constexpr int kNonfiniteInARow = 10;

std::vector<Tensor> values(const NamedTensors& named) {
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : named) tensors.push_back(tensor);
  return tensors;
}

std::vector<Tensor> copies(const NamedTensors& named) {
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : named) tensors.push_back(tensor.detach().clone());
  return tensors;
}

void assign(const NamedTensors& to, const std::vector<Tensor>& from) {
  at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < to.size(); ++i) Tensor(to[i].second).copy_(from[i]);
}

std::vector<bool> paired(const Task& task) {
  std::vector<bool> flags;
  for (const auto& [name, tensor] : task.parameters) flags.push_back(task.paired && task.paired(name));
  return flags;
}

// One fit in progress: the task's state between steps.
class Fit {
 public:
  Fit(const Task& task, const FitOptions& options, const FitFiles& files)
      : task_(task), options_(options), files_(files), adam_(values(task.parameters), options.adam, paired(task)) {
    state_.progress.lr = options.adam.lr;
    state_.progress.steps = 0;
    state_.progress.seconds = 0;
    state_.progress.best_loss = std::numeric_limits<double>::infinity();
    state_.best = copies(task.parameters);
    if (files.resume && !files.checkpoint.empty() && std::filesystem::exists(files.checkpoint)) {
      state_ = load_checkpoint(files.checkpoint, task.parameters, adam_);
    }
    spent_before_ = state_.progress.seconds;
    if (!files.log.empty()) observers_.push_back(jsonl_observer(files.log, state_.progress.steps));
    if (!files.events.empty()) observers_.push_back(events_observer(files.events, task.name, state_.progress.steps));
  }

  FitResult run(const std::atomic<bool>* stop) {
    const std::int64_t total = options_.least_seconds > 0 ? 0 : options_.steps;  // by the clock: unknown
    base::Progress bar(task_.name, total, state_.progress.steps);
    const base::ThinnedWarnings thinned;
    double saved_at = seconds();
    while (!done()) {
      if (stop && *stop) return leave(FitStatus::interrupted);
      step();
      bar.update(state_.progress.steps,
                 fmt::format("loss {:.5g}  best {:.5g}", state_.progress.last_loss, state_.progress.best_loss));
      if (seconds() - saved_at >= options_.checkpoint_seconds) {
        save();
        saved_at = seconds();
      }
    }
    return leave(FitStatus::finished);
  }

 private:
  FitResult& progress() { return state_.progress; }
  double seconds() const { return spent_before_ + timer_.seconds(); }
  bool done() { return progress().steps >= options_.steps && seconds() >= options_.least_seconds; }

  void step() {
    const double lr = learning_rate(options_, progress().lr, progress().steps, seconds());
    adam_.zero_grad();
    const Tensor loss = task_.loss(progress().steps);
    const double value = loss.item<double>();
    keep_best(value);
    double norm = std::numeric_limits<double>::quiet_NaN();
    if (std::isfinite(value)) {
      loss.backward();
      norm = adam_.gradient_norm();
    }
    if (std::isfinite(norm)) {
      nonfinite_ = 0;
      if (options_.clip_norm > 0 && norm > options_.clip_norm) adam_.scale_gradients(options_.clip_norm / norm);
      adam_.step(lr);
    } else {
      refuse_nonfinite(value, norm);
    }
    progress().losses.push_back(value);
    progress().last_loss = value;
    ++progress().steps;
    if (options_.rollback_factor > 0 && value > options_.rollback_factor * progress().best_loss) roll_back();
    observe({task_.name, progress().steps, value, progress().best_loss, lr, norm, seconds()});
  }

  // The weights that gave `value` are those before the update.
  void keep_best(double value) {
    if (!(value < progress().best_loss)) return;
    progress().best_loss = value;
    progress().best_step = progress().steps;
    at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < state_.best.size(); ++i) state_.best[i].copy_(task_.parameters[i].second);
  }

  void roll_back() {
    if (progress().lr <= options_.rollback_lr_floor) return;
    assign(task_.parameters, state_.best);
    progress().lr *= options_.rollback_decay;
  }

  void refuse_nonfinite(double loss, double norm) {
    assign(task_.parameters, state_.best);
    if (++nonfinite_ < kNonfiniteInARow) return;
    save();
    base::fail("train::fit",
               "loss = {}, gradient norm = {} at step {} of {}, {} times in a row; lower adam.lr or set clip_norm",
               loss, norm, progress().steps, task_.name, kNonfiniteInARow);
  }

  void observe(const StepRecord& record) {
    if (record.step % options_.log_every != 0 && !done()) return;
    for (const Observer& observer : observers_) observer(record);
  }

  void save() {
    progress().seconds = seconds();
    if (!files_.checkpoint.empty()) save_checkpoint(files_.checkpoint, task_.parameters, adam_, state_);
  }

  FitResult leave(FitStatus status) {
    progress().status = status;
    save();
    if (options_.keep == "best") assign(task_.parameters, state_.best);
    return progress();
  }

  const Task& task_;
  const FitOptions& options_;
  const FitFiles& files_;
  Adam adam_;
  Checkpoint state_;
  std::vector<Observer> observers_;
  base::Timer timer_;
  double spent_before_ = 0;
  int nonfinite_ = 0;
};

}  // namespace

NamedTensors named_parameters(const torch::nn::Module& module) {
  NamedTensors named;
  for (const auto& item : module.named_parameters()) named.emplace_back(item.key(), item.value());
  return named;
}

double learning_rate(const FitOptions& options, double base, std::int64_t step, double seconds) {
  const double warm =
      options.warmup > 0 ? std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(options.warmup)) : 1.0;
  if (options.schedule == "constant") return base * warm;
  const double of_steps = static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, options.steps));
  const double of_time = options.least_seconds > 0 ? seconds / options.least_seconds : 1.0;
  const double share = std::min({1.0, of_steps, of_time});
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * share));
  return base * warm * (options.final_factor + (1 - options.final_factor) * cosine);
}

double recent_loss(const FitResult& result) {
  const std::size_t count = (result.losses.size() + 9) / 10;
  if (count == 0) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(result.losses.end() - static_cast<std::ptrdiff_t>(count), result.losses.end(), 0.0) /
         static_cast<double>(count);
}

FitResult fit(const Task& task, const FitOptions& options, const FitFiles& files, const std::atomic<bool>* stop) {
  if (task.parameters.empty())
    base::fail("train::fit", "task '{}' has no parameters; give the tensors to fit", task.name);
  FitOptions checked = options;
  base::validate(base::fields_of(checked));
  return Fit(task, options, files).run(stop);
}

}  // namespace fathom::train
