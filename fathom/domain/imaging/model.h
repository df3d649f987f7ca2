// Deblurring models: a step that pulls x towards the data and then denoises it, iterated or unrolled.
//
//   implicit   x* = G(x*, y),  G(x, y) = D(step(x, y), sigma)
//   unrolled   x_n of x_{i+1} = D_i(step_i(x_i, y), sigma_i)
//
// Shapes   y, x (N, C, H, W) of the blur's size. gamma and sigma are numbers that are trained with the weights, as they
//          are (the original's choice): nothing keeps them positive but the check of each training update (losses.h).
// Names    <layer>.denoiser.<names of drunet.h>, <layer>.stepsize, <layer>.sigma.
// Cost     a step: one pair of transforms and one denoiser.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/domain/imaging/blur.h"
#include "fathom/domain/imaging/model_options.h"
#include "fathom/nn/drunet.h"
#include "fathom/tensor/map.h"

namespace fathom::imaging {

class Step : public torch::nn::Module {
 public:
  explicit Step(const ModelOptions& options);

  // x+ for the data A'y.
  Tensor forward(const Blur& blur, const Tensor& x, const Tensor& adjoint_y) const;
  // What the denoiser is given. `weight`: times gamma of HQS (deblur.h).
  Tensor towards_data(const Blur& blur, const Tensor& x, const Tensor& adjoint_y, double weight = 1) const;

  const nn::Drunet& denoiser() const { return *denoiser_; }
  nn::Drunet& denoiser() { return *denoiser_; }

  Tensor stepsize;  // undefined for denoise, which has none
  Tensor sigma;

 private:
  std::string kind_;
  std::shared_ptr<nn::Drunet> denoiser_;
};

class DeblurModel : public torch::nn::Module {
 public:
  // Random weights from libtorch's generator.
  explicit DeblurModel(const ModelOptions& options);

  const ModelOptions& options() const { return options_; }

  // implicit: x -> G(x, y), compactable; it holds A'y, and the blur and the weights by reference.
  Map map(const Blur& blur, const Tensor& y) const;
  State start(const Tensor& y) const;

  // The answer of an unrolled model; of an implicit one that after so many plain iterations.
  Tensor forward(const Blur& blur, const Tensor& y, std::int64_t iterations = 0) const;

  std::int64_t layers() const { return static_cast<std::int64_t>(steps_.size()); }
  Step& step(std::int64_t layer) { return *steps_.at(static_cast<std::size_t>(layer)); }
  const Step& step(std::int64_t layer) const { return *steps_.at(static_cast<std::size_t>(layer)); }

 private:
  ModelOptions options_;
  std::vector<std::shared_ptr<Step>> steps_;
};

// Seeds libtorch, then draws the weights.
std::shared_ptr<DeblurModel> make_model(const ModelOptions& options, std::uint64_t seed);

}  // namespace fathom::imaging
