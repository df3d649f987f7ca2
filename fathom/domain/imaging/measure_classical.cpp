#include "fathom/domain/imaging/measure_classical.h"

#include <algorithm>
#include <string>

#include <ATen/core/grad_mode.h>

#include "fathom/domain/imaging/classical.h"
#include "fathom/domain/imaging/quality.h"
#include "fathom/measure/summary.h"

namespace fathom::imaging {

namespace {

constexpr int kSteps = 200;  // of the primal-dual iteration, from a smooth start: within 0.01 dB of its end

Tensor total_variation(const Blur& blur, const Tensor& y, double weight) {
  const Map map = total_variation_map(blur, y, weight, 1 / (20 * weight));
  State state = total_variation_start(gradient_tikhonov(blur, y, 3));
  for (int i = 0; i < kSteps; ++i) state = map(state);
  return state[0];
}

struct Method {
  std::string name;
  Restoration restore;
  std::vector<double> parameters;
};

double mean_psnr(const Tensor& answer, const Tensor& target) { return measure::summarize(psnr(answer, target)).mean; }

study::Measured line_of(const std::string& name, double train, double test) {
  study::Measured m;
  m.result = {.name = name, .kind = "baseline", .metric = "psnr"};
  m.result.train = train;
  m.result.test = test;
  return m;
}

}  // namespace

std::vector<study::Measured> measure_classical(const ImageData& data) {
  const at::NoGradGuard no_grad;
  const ImageSet& test = data.test;
  const Blur of_train = data.blur_of(data.train), of_test = data.blur_of(test);
  const std::int64_t seen = std::min(data.train.size(), test.size());
  const Tensor y = data.train.blurred.narrow(0, 0, seen), x = data.train.sharp.narrow(0, 0, seen);
  const std::vector<Method> methods = {{"tikhonov", tikhonov, {2, 5, 10, 20, 50, 100, 200}},
                                       {"gradient tikhonov", gradient_tikhonov, {0.1, 0.3, 1, 2, 3, 5, 10}},
                                       {"total variation", total_variation, {1e-3, 2e-3, 4e-3, 6e-3, 8e-3, 1.2e-2}}};
  std::vector<study::Measured> lines = {line_of("blurred", mean_psnr(y, x), mean_psnr(test.blurred, test.sharp))};
  for (const Method& method : methods) {
    const BestParameter best = best_parameter(method.restore, of_train, y, x, method.parameters);
    lines.push_back(
        line_of(method.name, best.psnr, mean_psnr(method.restore(of_test, test.blurred, best.parameter), test.sharp)));
    lines.back().result.extra = {{"parameter", best.parameter}};
  }
  return lines;
}

}  // namespace fathom::imaging
