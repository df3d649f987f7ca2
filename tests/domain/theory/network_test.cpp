// Networks of a Lipschitz budget: the bound is enforced, files come back, a small study trains, resumes and holds.
#include "fathom/domain/theory/network.h"

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "fathom/base/error.h"
#include "fathom/domain/theory/measure_network.h"
#include "fathom/domain/theory/run.h"
#include "fathom/tensor/device.h"

namespace fathom::theory {
namespace {

Config small() {
  Config config;
  config.constructed.targets = "none";
  config.necessity.mu = {};
  config.learned.targets = "reciprocal";
  config.learned.bounds = {5};
  config.learned.width = 32;
  config.learned.explicit_width = 128;
  config.learned.points = 64;
  config.learned.updates = 60;
  config.learned.trial_updates = 5;
  config.learned.equal_time = false;
  config.learned.iterations = 40;
  return config;
}

std::filesystem::path fresh_folder(const char* name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove_all(folder);
  return folder;
}

TEST(TheoryNetwork, StaysWithinItsBudgetWhateverItsWeights) {
  const LearnedPoints points = learned_points(small(), "reciprocal");
  for (const char* kind : {"implicit", "explicit"}) {
    for (const double bound : {0.5, 5.0, 20.0}) {
      tensor::seed(1);
      Network network({.kind = kind, .width = 48, .bound = bound}, points.x, points.F);
      const at::NoGradGuard no_grad;
      for (const Tensor& parameter : network.parameters()) Tensor(parameter).mul_(7).add_(0.3);
      network.to(at::kDouble);
      EXPECT_LE(network.proved_bound(), bound * (1 + 1e-9));
      EXPECT_GT(network.proved_bound(), 0.9 * bound);
      EXPECT_LE(network.largest_layer(), std::sqrt(bound) * (1 + 1e-9));
      const MeasuredNetwork m =
          measure_network(small().learned, {.network = std::make_shared<Network>(network)}, points);
      EXPECT_LE(m.largest_gradient, bound);
      if (!network.implicit()) {
        EXPECT_LE(m.lipschitz.at(0), bound);
      }
    }
  }
}

TEST(TheoryNetwork, CountsItsParametersAndPutsKinksAmongThePoints) {
  const LearnedPoints points = learned_points(small(), "reciprocal");
  const Network implicit({.kind = "implicit", .width = 256, .bound = 5}, points.x, points.F);
  EXPECT_EQ(implicit.parameter_count(), 256 * 2 + 256 + 256 + 1);
  const Network rival({.kind = "explicit", .width = 1024, .bound = 5}, points.x, points.F);
  EXPECT_EQ(rival.parameter_count(), 1024 + 1024 + 1024 + 1);
}

TEST(TheoryNetworks, AreTrainedKeptAndFoundAgain) {
  const Config config = small();
  const theory::Run run{.folder = fresh_folder("fathom_theory_networks"), .seed = 3, .seeds = 2};
  ASSERT_TRUE(train_networks(config, run));
  const std::vector<NetworkSpec> networks = networks_of(config);
  ASSERT_EQ(networks.size(), 2u);
  EXPECT_EQ(networks[0].name, "implicit-32 reciprocal L=5");
  EXPECT_EQ(networks[1].name, "explicit-128 reciprocal L=5");
  for (const NetworkSpec& spec : networks) {
    for (const std::uint64_t seed : {3, 4}) {
      EXPECT_EQ(load_network(config, network_file(run.folder, spec, seed), spec, seed).updates, 60);
    }
  }
  const base::StudyRecord record = evaluate(config, run);
  ASSERT_EQ(record.models.size(), 3u);  // the best L-Lipschitz function beside them
  EXPECT_EQ(record.models[0].seeds, 2);
  EXPECT_EQ(record.models[2].kind, "baseline");
  EXPECT_GE(record.models[1].test, record.models[2].test);  // nothing explicit is below it
  EXPECT_LT(record.models[0].test, 1);                      // y = 0 has 1
  EXPECT_EQ(record.figures.size(), 2u);
  for (const base::Check& check : record.checks) {
    const bool trained_enough = check.name.find("worst implicit") != std::string::npos ||
                                check.name.find("the same below") != std::string::npos ||
                                check.name.find("beyond the bound") != std::string::npos;
    if (!trained_enough) {  // sixty updates prove no superiority
      EXPECT_TRUE(check.ok) << check.name;
    }
  }

  // Resumed: nothing is trained anew, the record is the same.
  theory::Run again = run;
  again.resume = true;
  const auto written = std::filesystem::last_write_time(network_file(run.folder, networks[0], 3));
  ASSERT_TRUE(train_networks(config, again));
  EXPECT_EQ(std::filesystem::last_write_time(network_file(run.folder, networks[0], 3)), written);
  EXPECT_EQ(evaluate(config, again).models[0].test, record.models[0].test);

  Config other = config;
  other.learned.width = 16;
  EXPECT_THROW(evaluate(other, run), Error);  // not trained
  EXPECT_THROW(load_network(other, network_file(run.folder, networks[0], 3), networks_of(other)[0], 3), Error);
  std::filesystem::remove_all(run.folder);
}

TEST(TheoryNetworks, SameSeedSameWeights) {
  Config config = small();
  config.learned.updates = 5;
  config.learned.learning_rates = {1e-2};
  std::vector<double> errors;
  for (const char* name : {"fathom_theory_one", "fathom_theory_two"}) {
    const theory::Run run{.folder = fresh_folder(name), .seed = 8};
    ASSERT_TRUE(train_networks(config, run));
    errors.push_back(evaluate(config, run).models[0].test);
    std::filesystem::remove_all(run.folder);
  }
  EXPECT_EQ(errors[0], errors[1]);
}

}  // namespace
}  // namespace fathom::theory
