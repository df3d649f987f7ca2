// Training of the networks: the implicit one by unrolling, then its explicit rival with the same data, at least as many
// updates and as much time, each with the best of several step sizes.
#include <algorithm>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/base/log.h"
#include "fathom/base/seed.h"
#include "fathom/domain/theory/run.h"
#include "fathom/tensor/device.h"
#include "fathom/train/fit.h"

namespace fathom::theory {

namespace {

constexpr double kClip = 1;  // of gradient norms; the losses are relative

struct Job {
  const Config& config;
  const Run& run;
  const NetworkSpec& spec;
  std::uint64_t seed;
  LearnedPoints points;
};

std::shared_ptr<Network> fresh(const Job& job) {
  tensor::seed(base::stream_seed(job.seed, job.spec.name));
  return std::make_shared<Network>(job.spec.options, job.points.x, job.points.F);
}

Tensor relative(const Tensor& y, const Tensor& F) { return (y - F).square().sum() / F.square().sum(); }

// The iterate y_s, s drawn from 0..T - depth, without a graph.
Tensor later_start(const Job& job, const Map& G, std::int64_t step) {
  const at::NoGradGuard no_grad;
  const LearnedConfig& learned = job.config.learned;
  base::Random draw(base::stream_seed(job.seed, "starts", static_cast<std::uint64_t>(step)));
  const auto latest = static_cast<std::uint64_t>(learned.iterations - learned.depth);
  State y = at::zeros_like(job.points.F);
  for (std::uint64_t s = draw.below(latest + 1); s > 0; --s) y = G(y);
  return y.only();
}

// || y_depth - F ||^2 / ||F||^2 from y_0 = 0 and, weighed by `stay`, from a later iterate: what is reached must stay.
Tensor unrolled_loss(const Job& job, const Network& network, std::int64_t step) {
  const LearnedConfig& learned = job.config.learned;
  const Tensor &x = job.points.x, &F = job.points.F;
  const std::int64_t count = F.size(0);
  State y = learned.stay > 0 ? at::cat({at::zeros_like(F), later_start(job, network.map(x), step)}) : at::zeros_like(F);
  const Map G = network.map(learned.stay > 0 ? at::cat({x, x}) : x);
  for (std::int64_t t = 0; t < learned.depth; ++t) y = G(y);
  const Tensor reached = relative(y.only().narrow(0, 0, count), F);
  if (learned.stay == 0) return reached;
  return reached + learned.stay * relative(y.only().narrow(0, count, count), F);
}

Tensor loss_of(const Job& job, const Network& network, std::int64_t step) {
  if (network.implicit()) return unrolled_loss(job, network, step);
  return relative(network.forward(job.points.x), job.points.F);
}

std::string stem(const NetworkSpec& spec, std::uint64_t seed) { return network_file({}, spec, seed).stem().string(); }

train::FitResult fit(const Job& job, Network& network, const std::string& stage, train::FitOptions options) {
  options.schedule = "cosine";
  options.clip_norm = kClip;
  options.keep = "last";  // the losses of different later starts do not compare
  const train::Task task{.name = fmt::format("{} seed {}{}", job.spec.name, job.seed, stage),
                         .parameters = train::named_parameters(network),
                         .loss = [&](std::int64_t step) { return loss_of(job, network, step); }};
  const std::filesystem::path folder = job.run.folder / "train";
  const std::string file = stem(job.spec, job.seed) + stage;
  return train::fit(task, options,
                    {.checkpoint = folder / (file + ".checkpoint"),
                     .log = folder / (file + ".jsonl"),
                     .events = job.run.folder / "events",
                     .resume = true},
                    job.run.stop);
}

// The step size with the lowest loss after a short trial from the same start. 0: interrupted.
double choose_learning_rate(const Job& job) {
  const LearnedConfig& learned = job.config.learned;
  if (learned.learning_rates.size() == 1) return learned.learning_rates[0];
  double best_lr = learned.learning_rates[0], best_loss = std::numeric_limits<double>::infinity();
  for (const double lr : learned.learning_rates) {
    const std::shared_ptr<Network> network = fresh(job);
    const train::FitResult result =
        fit(job, *network, fmt::format("-trial-{}", lr), {.steps = learned.trial_updates, .adam = {.lr = lr}});
    if (result.status == train::FitStatus::interrupted) return 0;
    if (train::recent_loss(result) < best_loss) {
      best_loss = train::recent_loss(result);
      best_lr = lr;
    }
  }
  return best_lr;
}

// Trains one network and writes its file. False: interrupted. `seconds`: the implicit network's time, given to its
// rival.
bool train_one(const Job& job, double& seconds) {
  const LearnedConfig& learned = job.config.learned;
  const bool implicit = job.spec.options.kind == "implicit";
  const double lr = choose_learning_rate(job);
  if (lr == 0) return false;
  const std::shared_ptr<Network> network = fresh(job);
  train::FitOptions options{.steps = learned.updates, .adam = {.lr = lr}};
  if (!implicit && learned.equal_time) options.least_seconds = seconds;
  const train::FitResult result = fit(job, *network, "", options);
  if (result.status == train::FitStatus::interrupted) return false;
  if (implicit) seconds = result.seconds;
  Config config = job.config;
  save_network(network_file(job.run.folder, job.spec, job.seed),
               {.spec = job.spec,
                .network = network,
                .seed = job.seed,
                .lr = lr,
                .seconds = result.seconds,
                .train_loss = result.best_loss,
                .updates = result.steps},
               base::to_toml(base::fields_of(config)));
  return true;
}

}  // namespace

std::vector<NetworkSpec> networks_of(const Config& config) {
  const LearnedConfig& learned = config.learned;
  std::vector<NetworkSpec> list;
  for (const std::string& target : config.learned_targets()) {
    for (const double bound : learned.bounds) {
      const auto add = [&](const char* kind, std::int64_t width) {
        list.push_back({fmt::format("{}-{} {} L={:g}", kind, width, target, bound), target,
                        NetworkOptions{.kind = kind, .width = width, .bound = bound}});
      };
      add("implicit", learned.width);
      add("explicit", learned.explicit_width);
    }
  }
  return list;
}

LearnedPoints learned_points(const Config& config, const std::string& name) {
  const Target target = make_target(name, config.target);
  const double margin = name == kExpression ? target.margin : config.learned.margin;
  const Probed train = target.probe(margin, config.learned.points, 0);
  LearnedPoints points{.x = train.x.to(at::kFloat), .test = target.probe(margin, 4 * config.learned.points, 0)};
  points.F = target.value(train.x).to(at::kFloat);
  points.test_F = target.value(points.test.x);
  return points;
}

bool train_networks(const Config& config, const Run& run) {
  config.check();
  if (!run.resume) {
    for (const char* part : {"models", "train", "events"}) std::filesystem::remove_all(run.folder / part);
  }
  for (std::int64_t k = 0; k < run.seeds; ++k) {
    double seconds = 0;
    for (const NetworkSpec& spec : networks_of(config)) {
      const std::uint64_t seed = run.seed + static_cast<std::uint64_t>(k);
      const std::filesystem::path file = network_file(run.folder, spec, seed);
      if (std::filesystem::exists(file)) {
        if (spec.options.kind == "implicit") seconds = load_network(config, file, spec, seed).seconds;
        base::info("{} is trained already: {}", spec.name, file.string());
        continue;
      }
      if (!train_one({config, run, spec, seed, learned_points(config, spec.target)}, seconds)) return false;
    }
  }
  return true;
}

}  // namespace fathom::theory
