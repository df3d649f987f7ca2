#include "fathom/domain/imaging/measure_model.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include <fmt/format.h>

#include "fathom/domain/imaging/losses.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/domain/imaging/training_answer.h"
#include "fathom/domain/imaging/update_memory.h"
#include "fathom/domain/imaging/walk.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/measure/summary.h"
#include "fathom/study/unroll.h"

namespace fathom::imaging {

namespace {

using base::Curve;

constexpr double kOffset = 1e-6;  // of the residual's denominator, as in the original

double mean_of(const std::vector<double>& values) { return measure::summarize(values).mean; }

// Per t, one number a sample; filled batch by batch.
using Table = std::vector<std::vector<double>>;

void append(Table& to, std::size_t t, const std::vector<double>& values) {
  if (to.size() <= t) to.resize(t + 1);
  to[t].insert(to[t].end(), values.begin(), values.end());
}

// A model of one answer has the same at t = 1 and at the last.
Curve curve_of(const std::string& model, const std::string& quantity, const std::string& group, const Table& table,
               std::int64_t last) {
  Curve curve{model, quantity, group, {}, {}, {}, {}};
  for (std::size_t t = 0; t < table.size(); ++t) study::add_point(curve, static_cast<double>(t + 1), table[t]);
  if (table.size() == 1 && last > 1) study::add_point(curve, static_cast<double>(last), table[0]);
  return curve;
}

ImageSet rows(const ImageSet& set, std::int64_t first, std::int64_t count) {
  count = std::min(count, set.size() - first);
  return {set.sharp.narrow(0, first, count), set.blurred.narrow(0, first, count), {}};
}

struct Quality {
  Table psnr, residual;
};

Quality quality(const Config& config, const Trained& trained, const Blur& blur, const ImageSet& set) {
  const bool implicit = trained.spec.options.implicit(), late = implicit && config.protocol == "paper";
  Quality all;
  for (std::int64_t first = 0; first < set.size(); first += config.study.batch) {
    const ImageSet batch = rows(set, first, config.study.batch);
    const std::vector<Tensor> x = walk(*trained.model, blur, batch.blurred, config.study.iterations);
    for (std::size_t t = 0; t < x.size(); ++t) {
      const Tensor before = t == 0 ? trained.model->start(batch.blurred).only() : x[t - 1];
      append(all.psnr, t, psnr(late ? before : x[t], batch.sharp));
      if (implicit) append(all.residual, t, measure::rel_l2(before, x[t], kOffset));
    }
  }
  return all;
}

std::vector<Curve> lipschitz_curves(const Config& config, const Trained& trained, const TestCrops& test) {
  const std::int64_t last = config.study.iterations;
  std::vector<Table> tables(test.groups.size());
  Table all;
  for (std::int64_t first = 0; first < test.clean.size(0); first += config.study.batch) {
    const Tensor y = test.clean.narrow(0, first, std::min(config.study.batch, test.clean.size(0) - first));
    const std::vector<Tensor> x = walk(*trained.model, test.blur, y, last);
    for (std::size_t g = 0; g < test.groups.size(); ++g) {
      const Tensor there = y + test.groups[g].change;
      const std::vector<Tensor> moved = walk(*trained.model, test.blur, there, last);
      const std::vector<double> size = measure::distance(test.groups[g].change.expand_as(y), at::zeros_like(y));
      for (std::size_t t = 0; t < x.size(); ++t) {
        const std::vector<double> ratios = measure::lipschitz(measure::distance(x[t], moved[t]), size);
        append(tables[g], t, ratios);
        append(all, t, ratios);
      }
    }
  }
  std::vector<Curve> curves;
  for (std::size_t g = 0; g < test.groups.size(); ++g)
    curves.push_back(curve_of(trained.spec.name, "lipschitz", test.groups[g].name, tables[g], last));
  curves.push_back(curve_of(trained.spec.name, "lipschitz", "all", all, last));
  // The paper's L_t is the largest over crops and frequencies.
  curves.push_back(curve_of(trained.spec.name, "largest lipschitz", "all", all, last));
  curves.back().mean = curves.back().max;
  std::fill(curves.back().std.begin(), curves.back().std.end(), 0.0);
  return curves;
}

Curve training_curve(const Trained& trained) {
  const train::LossCurve& losses = trained.training.losses;
  return {trained.spec.name, "training loss", "all",
          losses.step,       losses.loss,     std::vector<double>(losses.loss.size(), 0.0),
          losses.loss};
}

}  // namespace

TestCrops test_crops(const Config& config, const ImageData& data) {
  TestCrops test{data.test, data.blur_of(data.test), {}, {}};
  test.clean = data.test.blurred.narrow(0, 0, std::min(config.study.perturbed, data.test.size()));
  for (const double share : config.study.frequencies) {
    const FrequencyIndex at = frequency_at(test.blur.height(), test.blur.width(), share);
    const Tensor dx = config.study.perturbation * singular_vector(test.blur.height(), test.blur.width(), at, 3);
    test.groups.push_back({fmt::format("q = {:g} (u {}, v {})", share, at.u, at.v), test.blur.apply(dx)});
  }
  return test;
}

study::Measured measure(const Config& config, const Trained& trained, const ImageData& data, const TestCrops& test) {
  const std::int64_t last = config.study.iterations;
  const std::string& name = trained.spec.name;
  const Quality on_test = quality(config, trained, test.blur, test.set);
  const Quality on_train = quality(config, trained, data.blur_of(data.train), rows(data.train, 0, test.set.size()));
  study::Measured m;
  m.result = {.name = name,
              .kind = trained.spec.options.implicit() ? "implicit" : "explicit",
              .parameters = parameter_count(trained.spec.options),
              .metric = "psnr"};
  m.result.train = mean_of(on_train.psnr.back());
  m.result.test = mean_of(on_test.psnr.back());
  m.result.seconds_train = trained.training.seconds;
  m.result.seed = trained.training.seed;
  const Step& step = trained.model->step(0);
  m.result.extra = {{"training memory, MB", trained.training.memory},
                    {"updates", static_cast<double>(trained.training.updates)},
                    {"sigma", step.sigma.item<double>()}};
  if (step.stepsize.defined()) m.result.extra["step size"] = step.stepsize.item<double>();
  m.curves.push_back(curve_of(name, "psnr", "all", on_test.psnr, last));
  if (!on_test.residual.empty()) m.curves.push_back(curve_of(name, "residual", "all", on_test.residual, last));
  for (Curve& curve : lipschitz_curves(config, trained, test)) m.curves.push_back(std::move(curve));
  m.curves.push_back(training_curve(trained));
  return m;
}

double memory_growth(const Config& config, const Trained& trained, const TestCrops& test, std::int64_t iterations) {
  const std::vector<Tensor> parameters = trained.model->parameters();
  const auto memory_of = [&](std::int64_t count) {
    TrainConfig train = config.train;
    train.iterations = count;
    for (const Tensor& parameter : parameters) parameter.mutable_grad() = Tensor();
    return update_memory([&] {
      squared_loss(training_answer(train, *trained.model, test.blur, test.set.blurred.narrow(0, 0, 1)),
                   test.set.sharp.narrow(0, 0, 1))
          .backward();
    });
  };
  for (const Tensor& parameter : parameters) parameter.set_requires_grad(true);
  memory_of(1);  // pays for what is made once
  const double growth = memory_of(iterations) / memory_of(1);
  for (const Tensor& parameter : parameters) parameter.set_requires_grad(false);
  return growth;
}

}  // namespace fathom::imaging
