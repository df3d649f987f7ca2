// What a trained network says of a forcing: the vorticity, in the units of the flows it was trained on.
//
// Method   implicit: the equilibrium by Anderson, every flow until ||G(z) - z|| <= rtol ||G(z)|| or its evaluations are
//          used; explicit: one pass. Any grid: the weights belong to frequencies (model.h), and a forcing of the
//          training's frequencies is answered alike on finer grids.
// Errors   a forcing that is not (N, 2, H, W) or holds NaN or infinity, a grid with fewer points than the modes need.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "fathom/domain/pde/config.h"
#include "fathom/domain/pde/run_files.h"
#include "fathom/solve/solution.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

struct PredictOptions {
  std::int64_t iterations = 50;  // evaluations of the block, at most
  double rtol = 1e-4;
  solve::Anderson solver;
};

struct Prediction {
  Tensor vorticity;   // (N, H, W)
  Solution solution;  // of an implicit network
};

Prediction predict(const Trained& trained, const Tensor& forcing, const PredictOptions& options = {});

// The answers along the way, t = 1 .. T evaluations of the block; of an explicit network its one answer.
struct Walk {
  std::vector<Tensor> vorticity;              // [t - 1] (N, H, W)
  std::vector<std::vector<double>> residual;  // [t - 1][n] ||G(z_t) - z_t|| / ||z_t||; empty for an explicit network
};

// protocol physical: Anderson's iterates, not stopped before T. paper: the answer of its Anderson iteration with
// threshold t, which is the best iterate of the whole batch until then (paper_anderson.h).
Walk walk(const Trained& trained, const Tensor& forcing, std::int64_t iterations, const Config& config);

}  // namespace fathom::pde
