// An implicit network and its explicit rival under one bound on one target, over several trainings.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "fathom/domain/theory/measure_network.h"

namespace fathom::theory {

struct Rivals {
  NetworkSpec implicit, rival;
  std::string formula;
  double bound = 0;
  LearnedPoints points;
  std::vector<MeasuredNetwork> implicit_runs, rival_runs;
  std::vector<double> best_fit;  // the best function of Lipschitz constant L, on the test points
  double best_error = -1;
};

// Errors (fathom::Error): a network that is not trained.
Rivals measure_rivals(const Config& config, const Run& run, const NetworkSpec& implicit, const NetworkSpec& rival);

// A number at iteration t (an explicit network's only one) of every training.
std::vector<double> at_time(const std::vector<MeasuredNetwork>& runs, std::vector<double> MeasuredNetwork::*values,
                            std::size_t t);
double mean_at(const std::vector<MeasuredNetwork>& runs, std::vector<double> MeasuredNetwork::*values, std::size_t t);

}  // namespace fathom::theory
