// One run of the study in a folder. What is constructed is computed anew in every evaluation; what is learned is kept.
//
//   DIR/models/<model>-seed<k>.safetensors      train_networks   (checkpoints and logs beside them in DIR/train/)
//   StudyRecord                                 evaluate         (the program writes it as DIR/study.json)
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "fathom/base/record.h"
#include "fathom/domain/theory/config.h"
#include "fathom/domain/theory/network.h"
#include "fathom/domain/theory/target.h"

namespace fathom::theory {

struct Run {
  std::filesystem::path folder;
  std::uint64_t seed = 0;  // of points and, plus k, of the k-th training
  std::int64_t seeds = 1;  // trainings of every network
  bool resume = false;
  const std::atomic<bool>* stop = nullptr;  // set by Ctrl-C
};

// A network of the study.
struct NetworkSpec {
  std::string name;  // "implicit-256 reciprocal L=5"
  std::string target;
  NetworkOptions options;
};
// The rivals of an implicit network follow it, for they get its training time.
std::vector<NetworkSpec> networks_of(const Config& config);

// Where networks are trained (float32) and tested (float64).
struct LearnedPoints {
  Tensor x, F;
  Probed test;
  Tensor test_F;
};
LearnedPoints learned_points(const Config& config, const std::string& target);

// Trains what is not trained yet. False: interrupted; what was done is in the checkpoints.
bool train_networks(const Config& config, const Run& run);

struct TrainedNetwork {
  NetworkSpec spec;
  std::shared_ptr<Network> network;  // evaluation: no gradients are kept
  std::uint64_t seed = 0;
  double lr = 0, seconds = 0, train_loss = 0;
  std::int64_t updates = 0;
};
std::filesystem::path network_file(const std::filesystem::path& folder, const NetworkSpec& spec, std::uint64_t seed);
void save_network(const std::filesystem::path& path, const TrainedNetwork& trained, const std::string& config);
// Errors (fathom::Error): a file that is missing (train first), of another kind, or damaged.
TrainedNetwork load_network(const Config& config, const std::filesystem::path& path, const NetworkSpec& spec,
                            std::uint64_t seed);

// Measures everything. Errors (fathom::Error): a network that is not trained.
base::StudyRecord evaluate(const Config& config, const Run& run);

}  // namespace fathom::theory
