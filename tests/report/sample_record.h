// A study's record with figures like those of a real one.
#pragma once

#include <cmath>
#include <string>

#include "fathom/base/record.h"

namespace fathom::report {

// 24 iterations of a mean that falls (or rises) from `start` towards `end` at `rate`, spread and
// maximum in proportion.
inline base::Curve sample_curve(const std::string& model, const std::string& quantity, const std::string& group,
                                double start, double end, double rate) {
  base::Curve curve{model, quantity, group, {}, {}, {}, {}};
  for (int t = 0; t <= 24; ++t) {
    const double mean = end + (start - end) * std::pow(rate, t);
    curve.t.push_back(t);
    curve.mean.push_back(mean);
    curve.std.push_back(0.22 * mean);
    curve.max.push_back(1.9 * mean);
  }
  return curve;
}

inline base::Curve flat_curve(const std::string& model, const std::string& quantity, const std::string& group,
                              double value) {
  return {model, quantity, group, {0, 24}, {value, value}, {0.2 * value, 0.2 * value}, {2 * value, 2 * value}};
}

inline base::Curve sample_training(const std::string& model, double end) {
  base::Curve curve{model, "training loss", "all", {}, {}, {}, {}};
  for (int step = 0; step < 4000; step += 2) {
    curve.t.push_back(step);
    curve.mean.push_back(end + 0.4 / (1 + std::exp((step - 900) / 150.0)) +
                         0.02 * std::sin(step * 1.7) * std::cos(step * 0.31));
    curve.std.push_back(0);
    curve.max.push_back(curve.mean.back());
  }
  return curve;
}

inline base::ModelResult sample_model(const std::string& name, const std::string& kind, std::int64_t parameters,
                                      double train, double test) {
  base::ModelResult model;
  model.name = name;
  model.kind = kind;
  model.parameters = parameters;
  model.metric = "rel_l2";
  model.train = train;
  model.test = test;
  model.extra["infeasibility"] = 0.31 * test;
  model.extra["objective gap"] = 0.12 * test;
  return model;
}

inline void give_seeds(base::ModelResult& model, double spread, double seconds) {
  model.seeds = 3;
  model.train_std = spread / 2;
  model.test_std = spread;
  model.seconds_train = seconds;
}

inline base::StudyRecord sample_record() {
  base::StudyRecord record;
  record.domain = "lp";
  record.protocol = "exact";
  record.preset = "quick";
  record.seed = 1;
  record.git = "4b26c9e";
  record.libtorch = "1.13.1";
  record.command = "fathom study lp --preset quick --out runs/demo";
  record.date = "2025-01-15 10:30";
  record.machine = "2 cores, AVX2";
  record.threads = 2;
  record.seconds = 252;
  record.train_samples = 25000;
  record.test_samples = 1000;
  record.data_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  record.statistics = {{"training_depth", 12}, {"feasible_fraction", 0.4132}, {"mean_norm", 3.871}};
  record.models = {sample_model("implicit-8", "implicit", 2350, 0.1622, 0.1709),
                   sample_model("explicit-8", "explicit", 2088, 0.2714, 0.2832),
                   sample_model("explicit-8x12", "explicit", 2088, 0.2291, 0.2517),
                   sample_model("zero", "baseline", 0, 0.6173, 0.6204),
                   sample_model("midpoint", "baseline", 0, 0.7391, 0.7412),
                   sample_model("sign of c", "baseline", 0, 1.2802, 1.2811)};
  give_seeds(record.models[0], 0.0042, 98.2);
  give_seeds(record.models[1], 0.0071, 61.7);
  give_seeds(record.models[2], 0.0123, 97.5);
  record.curves = {sample_curve("implicit-8", "error", "all", 0.571, 0.169, 0.78),
                   flat_curve("explicit-8", "error", "all", 0.2832),
                   flat_curve("explicit-8x12", "error", "all", 0.2517),
                   sample_curve("implicit-8", "residual", "all", 0.9, 1e-5, 0.6),
                   sample_training("implicit-8", 0.11),
                   sample_training("explicit-8", 0.16)};
  double end = 0.21;
  for (const char* group : {"A", "b", "c", "l", "u"}) {
    record.curves.push_back(sample_curve("implicit-8", "lipschitz", group, 0.02, end, 0.88));
    record.curves.push_back(flat_curve("explicit-8", "lipschitz", group, 0.4 * end));
    record.curves.push_back(flat_curve("explicit-8x12", "lipschitz", group, 0.5 * end));
    end *= 1.9;
  }
  record.checks = {{"implicit test error", 0.1709, 0.4, true},
                   {"implicit error / explicit error", 0.603, 1, true},
                   {"error at twice the training depth / least error", 1.004, 1.1, true},
                   {"Lipschitz at the last t / at the first", 9.1, 10, false}};
  record.config = "[data]\ntrain = 25000  # samples (>= 1)\nprotocol = \"exact\"\n\n[model]\nembedding = 8\n";
  return record;
}

}  // namespace fathom::report
