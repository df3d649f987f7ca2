// One trained network looked at: its errors and steepness at every iteration, and its Lipschitz budget, proved and
// measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/domain/theory/run.h"

namespace fathom::theory {

struct MeasuredNetwork {
  std::vector<double> error;      // [t] ||y_t - F|| / ||F|| over all test points, t = 0..T; explicit: one number
  std::vector<double> lipschitz;  // [t] of y_t over the pairs; explicit: one number
  double proved_bound = -1;       // ||W1|| ||W2||
  double largest_layer = -1;      // max(||W1||, ||W2||), proved likewise
  double largest_gradient = -1;   // of the network in all its arguments, the greatest found
  double largest_mu = -1;         // implicit: |dG/dy| at y_T over the test points
  double train_loss = -1, seconds = 0, lr = 0;
  std::int64_t parameters = 0;
  std::vector<std::int64_t> drawn_t;
  std::vector<Tensor> drawn;  // y_t at those; explicit: the output
  std::string verdict;        // implicit: of study::verdict
};

// In float64, which the network is converted to.
MeasuredNetwork measure_network(const LearnedConfig& config, const TrainedNetwork& trained,
                                const LearnedPoints& points);

// ||y - F|| / ||F|| over all points.
double relative_error(const Tensor& y, const Tensor& F);

// The iterations that tables and pictures show: 1, 5, the training depth and the last.
std::vector<std::int64_t> shown_times(const LearnedConfig& config);

}  // namespace fathom::theory
