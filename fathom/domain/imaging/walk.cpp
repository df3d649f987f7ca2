#include "fathom/domain/imaging/walk.h"

#include <functional>

#include <ATen/core/grad_mode.h>

#include "fathom/nn/packed_drunet.h"

namespace fathom::imaging {

namespace {

using Denoise = std::function<Tensor(const Tensor& x)>;

// Sizes at which training and evaluation take the same way through the network (nn/drunet.h).
bool plain_size(std::int64_t side) { return side % 8 == 0 && side >= 32; }

Denoise denoise_of(const Step& step, const Tensor& like) {
  const bool packs = like.device().is_cpu() && like.scalar_type() == at::kFloat && plain_size(like.size(2)) &&
                     plain_size(like.size(3));
  if (!packs) return [&step](const Tensor& x) { return step.denoiser().forward(x, step.sigma); };
  const auto packed = std::make_shared<nn::PackedDrunet>(step.denoiser(), like.size(2), like.size(3));
  return [packed, &step](const Tensor& x) { return (*packed)(x, step.sigma); };
}

// x_1, x_2 ... one after the other.
class Iteration {
 public:
  Iteration(const DeblurModel& model, const Blur& blur, const Tensor& y)
      : step_(model.step(0)),
        blur_(blur),
        denoise_(denoise_of(step_, y)),
        back_(blur.adjoint(y)),
        x_(model.start(y).only()) {}

  const Tensor& next() {
    x_ = denoise_(step_.towards_data(blur_, x_, back_).contiguous());
    return x_;
  }
  const Tensor& x() const { return x_; }

 private:
  const Step& step_;
  const Blur& blur_;
  Denoise denoise_;
  Tensor back_, x_;
};

}  // namespace

std::vector<Tensor> walk(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations) {
  const at::NoGradGuard no_grad;
  if (!model.options().implicit()) return {model.forward(blur, y)};
  Iteration iteration(model, blur, y);
  std::vector<Tensor> answers;
  for (std::int64_t t = 0; t < iterations; ++t) answers.push_back(iteration.next());
  return answers;
}

Tensor iterate(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations) {
  const at::NoGradGuard no_grad;
  Iteration iteration(model, blur, y);
  for (std::int64_t t = 0; t < iterations; ++t) iteration.next();
  return iteration.x();
}

}  // namespace fathom::imaging
