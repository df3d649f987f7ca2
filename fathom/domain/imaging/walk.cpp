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

}  // namespace

Map fast_map(const DeblurModel& model, const Blur& blur, const Tensor& y) {
  const Step& step = model.step(0);
  return Map([&step, &blur, denoise = denoise_of(step, y), back = blur.adjoint(y)](const Tensor& x, const Rows& rows) {
    const at::NoGradGuard no_grad;
    return denoise(step.towards_data(blur, x, rows.of(back)).contiguous());
  });
}

std::vector<Tensor> walk(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations) {
  const at::NoGradGuard no_grad;
  if (!model.options().implicit()) return {model.forward(blur, y)};
  const Map map = fast_map(model, blur, y);
  State x = model.start(y);
  std::vector<Tensor> answers;
  for (std::int64_t t = 0; t < iterations; ++t) answers.push_back((x = map(x)).only());
  return answers;
}

Tensor iterate(const DeblurModel& model, const Blur& blur, const Tensor& y, std::int64_t iterations) {
  const at::NoGradGuard no_grad;
  const Map map = fast_map(model, blur, y);
  State x = model.start(y);
  for (std::int64_t t = 0; t < iterations; ++t) x = map(x);
  return x.only();
}

}  // namespace fathom::imaging
