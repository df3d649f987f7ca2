// What the trained networks do on the test points: the table, curves, checks and figures of the fixed Lipschitz budget.
#pragma once

#include "fathom/base/record.h"
#include "fathom/domain/theory/run.h"

namespace fathom::theory {

// One training of one network, measured in float64.
struct MeasuredNetwork {
  std::vector<double> error;      // [t] ||y_t - F|| / ||F|| over all test points, t = 0..T; explicit: one number
  std::vector<double> lipschitz;  // [t] of y_t over the pairs; explicit: one number
  double proved_bound = -1;       // ||W1|| ||W2||
  double measured_bound = -1;     // the largest gradient of the network found in all its arguments
  double largest_mu = -1;         // implicit: |dG/dy| at y_T over the test points
  double train_loss = -1, seconds = 0, lr = 0;
  std::int64_t parameters = 0;
  std::vector<std::int64_t> drawn_t;
  std::vector<Tensor> drawn;  // y_t at those; explicit: the output
  std::string verdict;        // implicit: of study::verdict
};
MeasuredNetwork measure_network(const LearnedConfig& config, const TrainedNetwork& trained,
                                const LearnedPoints& points);

// Everything of the networks in the run's folder. Errors (fathom::Error): a network that is not trained.
void append_learned(const Config& config, const Run& run, base::StudyRecord& record);

}  // namespace fathom::theory
