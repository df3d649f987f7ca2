// One blurred photo, restored: by a trained model, or by a classical method that needs none.
//
//   frame     the photo is put into a tapered frame (edges.h) unless its blur is circular
//   iterate   x <- G(x, y) by Picard or Anderson; G is a step of the model with its denoiser on packed weights
//             (nn/packed_drunet.h), or of total variation's primal-dual method (classical.h)
//   noise     HQS models hold more to data of less noise than they were trained with: gamma (trained noise / noise)^2,
//             the weight that ||A x - y||^2 / (2 noise^2) has; the factor is kept within 1/16 and 100
//   answer    the iterate of the least residual, cut out of the frame; tikhonov and gradient-tikhonov are one formula
//
// A model for colour takes a grey photo as three equal channels and gives their mean; one for grey takes the channels
// of a colour photo one by one.
//
// Shapes   y (1, C, H, W) float32, C = 1 or 3; the answer alike, not clamped.
// Memory   the network's activations: the whole frame at once where they fit into `memory`, else tiles of it that give
//          the same answer. Beside them a dozen images of the frame's size, 3 depth more for Anderson's history.
// Errors   (fathom::Error) options out of their bounds, a kernel larger than the photo, a method without its model.
// Not reaching the tolerance is a status.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "fathom/domain/imaging/model.h"

namespace fathom::imaging {

inline const std::vector<std::string> kDeblurMethods = {"model", "tikhonov", "gradient-tikhonov", "tv"};

struct DeblurOptions {
  std::string method = "model";
  std::string solver = "anderson";  // or picard; tv is always iterated plainly, as its convergence is proved
  std::int64_t iterations = 100;
  double tolerance = 1e-3;  // ||G(x) - x|| <= tolerance ||G(x)||
  double seconds = std::numeric_limits<double>::infinity();
  double noise = 0;            // deviation of the photo's noise; 0: measured (classical.h)
  double trained_noise = 0;    // that the model was trained with; 0: its gamma is taken as it is
  bool circular = false;       // the photo's blur took its left border for the right one's neighbour
  bool precise = false;        // the network by direct sums
  std::int64_t memory = 4096;  // megabytes of activations at once
};

// Iteration t = 1, 2 ...: its relative residual, and its image without the frame. False stops the solve there.
using DeblurWatch = std::function<bool(std::int64_t t, double residual, const Tensor& image)>;

struct Deblurred {
  Tensor image;
  std::string status;                  // of solve::Status, "stopped" by the watch, or "done" of one formula
  std::int64_t iterations = 0;         // evaluations of G; layers of an unrolled model
  double residual = 0;                 // relative, of the answer; NaN of an answer that is no fixed point
  double noise = 0;                    // that was used; 0: none was
  std::int64_t windows = 1;            // tiles that the network took the frame in
  std::int64_t height = 0, width = 0;  // of the frame
};

// `kernel` (h, w) >= 0 of sum 1. `model` may be null for the classical methods.
Deblurred deblur(const Tensor& y, const Tensor& kernel, const DeblurModel* model, const DeblurOptions& options,
                 const DeblurWatch& watch = {});

}  // namespace fathom::imaging
