// Which model turns a blurred image into a sharp one. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fathom/nn/drunet_options.h"

namespace fathom::imaging {

//   pgd      x+ = D( x - gamma A'(A x - y), sigma )                        proximal gradient descent
//   hqs      x+ = D( prox of gamma/2 ||A . - y||^2 at x, sigma )           half-quadratic splitting
//   denoise  x+ = D( x, sigma ): the denoiser alone, which knows nothing of the blur
inline const std::vector<std::string> kSteps = {"pgd", "hqs", "denoise"};

// implicit: the fixed point of one step; unrolled: `layers` steps, each with its own denoiser, gamma and sigma.
inline const std::vector<std::string> kKinds = {"implicit", "unrolled"};

struct ModelOptions {
  std::string kind = "implicit";
  std::string step = "hqs";
  std::int64_t layers = 1;
  std::string start = "y";  // x_0: the blurred image, or zero
  double stepsize = 4;      // gamma at the start of the training
  double sigma = 0.03;      // noise level that the denoiser is told, at the start
  nn::DrunetOptions network;

  bool implicit() const { return kind == "implicit"; }
};

// Numbers that are trained: those of every denoiser, a gamma (but for denoise) and a sigma for each layer.
std::int64_t parameter_count(const ModelOptions& options);

}  // namespace fathom::imaging
