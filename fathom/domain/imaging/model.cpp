#include "fathom/domain/imaging/model.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include "fathom/base/error.h"
#include "fathom/tensor/device.h"

namespace fathom::imaging {

namespace {

void check_options(const ModelOptions& options) {
  constexpr const char* kPlace = "imaging::DeblurModel";
  const auto known = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!known(kKinds, options.kind))
    base::fail(kPlace, "kind = {} violates implicit|unrolled; name one of them", options.kind);
  if (!known(kSteps, options.step))
    base::fail(kPlace, "step = {} violates pgd|hqs|denoise; name one of them", options.step);
  if (options.start != "y" && options.start != "zero")
    base::fail(kPlace, "start = {} violates y|zero; name one of them", options.start);
  if (options.layers < 1 || (options.implicit() && options.layers != 1))
    base::fail(kPlace, "layers = {} violates >= 1, and == 1 of an implicit model", options.layers);
  if (!(options.stepsize > 0)) base::fail(kPlace, "stepsize = {} violates > 0; 1 for pgd, 4 for hqs", options.stepsize);
  if (!(options.sigma >= 0)) base::fail(kPlace, "sigma = {} violates >= 0; a noise level", options.sigma);
}

}  // namespace

std::int64_t parameter_count(const ModelOptions& options) {
  check_options(options);
  return options.layers * (nn::parameter_count(options.network) + (options.step == "denoise" ? 1 : 2));
}

Step::Step(const ModelOptions& options) : kind_(options.step) {
  denoiser_ = register_module("denoiser", std::make_shared<nn::Drunet>(options.network));
  sigma = register_parameter("sigma", at::full({}, options.sigma, at::kFloat));
  if (kind_ != "denoise") stepsize = register_parameter("stepsize", at::full({}, options.stepsize, at::kFloat));
}

Tensor Step::towards_data(const Blur& blur, const Tensor& x, const Tensor& adjoint_y, double weight) const {
  if (kind_ == "pgd") return x - stepsize * (blur.normal(x) - adjoint_y);
  if (kind_ == "hqs") return blur.proximal(x, adjoint_y, weight == 1 ? stepsize : stepsize * weight);
  return x;
}

Tensor Step::forward(const Blur& blur, const Tensor& x, const Tensor& adjoint_y) const {
  return denoiser_->forward(towards_data(blur, x, adjoint_y), sigma);
}

DeblurModel::DeblurModel(const ModelOptions& options) : options_(options) {
  check_options(options);
  for (std::int64_t i = 0; i < options.layers; ++i)
    steps_.push_back(register_module(std::to_string(i), std::make_shared<Step>(options)));
}

Map DeblurModel::map(const Blur& blur, const Tensor& y) const {
  return Map([this, &blur, back = blur.adjoint(y)](const Tensor& x, const Rows& rows) {
    return steps_.front()->forward(blur, x, rows.of(back));
  });
}

State DeblurModel::start(const Tensor& y) const { return options_.start == "y" ? y : at::zeros_like(y); }

Tensor DeblurModel::forward(const Blur& blur, const Tensor& y, std::int64_t iterations) const {
  const Tensor back = blur.adjoint(y);
  Tensor x = start(y).only();
  if (options_.implicit()) {
    for (std::int64_t t = 0; t < iterations; ++t) x = steps_.front()->forward(blur, x, back);
  } else {
    for (const auto& step : steps_) x = step->forward(blur, x, back);
  }
  return x;
}

std::shared_ptr<DeblurModel> make_model(const ModelOptions& options, std::uint64_t seed) {
  tensor::seed(seed);
  return std::make_shared<DeblurModel>(options);
}

}  // namespace fathom::imaging
