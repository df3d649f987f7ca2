#include "fathom/domain/imaging/deblur.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/classical.h"
#include "fathom/domain/imaging/edges.h"
#include "fathom/nn/packed_drunet.h"
#include "fathom/solve/fixed_point.h"

namespace fathom::imaging {

namespace {

constexpr const char* kPlace = "imaging::deblur";
constexpr double kLeastNoise = 1e-4;  // an image without noise is not a reason to divide by none
constexpr double kLeastWeight = 1.0 / 16, kMostWeight = 100;  // beyond, the network no longer knows what it is given

// The photo as the method takes it: in its frame, with its channels where the method wants them.
class Frame {
 public:
  // `channels`: of the model's images; 0: any.
  Frame(const Tensor& y, const Tensor& kernel, bool circular, std::int64_t channels)
      : colours_(y.size(1)), channels_(channels == 0 ? colours_ : channels) {
    if (!circular) taper_.emplace(y.size(2), y.size(3), kernel);
    Tensor image = y;
    if (channels_ == 1 && colours_ > 1) image = y.transpose(0, 1);
    if (channels_ > 1 && colours_ == 1) image = y.expand({1, channels_, y.size(2), y.size(3)});
    image_ = (taper_ ? taper_->pad(image) : image).contiguous();
  }

  const Tensor& image() const { return image_; }

  Tensor photo(const Tensor& x) const {
    const Tensor image = taper_ ? taper_->crop(x) : x;
    if (channels_ == 1 && colours_ > 1) return image.transpose(0, 1);
    if (channels_ > 1 && colours_ == 1) return image.mean(1, true);
    return image;
  }

 private:
  std::int64_t colours_, channels_;
  std::optional<EdgeTaper> taper_;
  Tensor image_;
};

void check(const Tensor& y, const Tensor& kernel, const DeblurModel* model, const DeblurOptions& o) {
  if (y.dim() != 4 || y.size(0) != 1 || (y.size(1) != 1 && y.size(1) != 3) || y.scalar_type() != at::kFloat) {
    base::fail(kPlace, "photo = {} ({}) violates Float (1, 1 or 3, H, W)", c10::toString(y.scalar_type()),
               fmt::join(y.sizes(), ", "));
  }
  if (kernel.dim() != 2 || kernel.size(0) > y.size(2) || kernel.size(1) > y.size(3)) {
    base::fail(kPlace,
               "kernel = ({}) violates <= the photo's {} x {}; a blur as wide as the photo leaves nothing of it",
               fmt::join(kernel.sizes(), " x "), y.size(2), y.size(3));
  }
  const auto known = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!known(kDeblurMethods, o.method))
    base::fail(kPlace, "method = {} violates {}; name one of them", o.method, fmt::join(kDeblurMethods, "|"));
  if (!known({"anderson", "picard"}, o.solver))
    base::fail(kPlace, "solver = {} violates anderson|picard; name one of them", o.solver);
  if (o.method == "model" && model == nullptr)
    base::fail(kPlace, "method = model violates a model given; tv needs none");
  base::require(o.iterations >= 1, kPlace, "iterations", o.iterations, ">= 1", "each is one evaluation of the step");
  base::require(o.noise >= 0 && std::isfinite(o.noise), kPlace, "noise", o.noise, ">= 0 and finite",
                "in units of the image's range; 0 measures it");
  base::require(o.trained_noise >= 0 && std::isfinite(o.trained_noise), kPlace, "trained_noise", o.trained_noise,
                ">= 0 and finite", "0 leaves the model as it was trained");
  base::require(o.memory >= 1, kPlace, "memory", o.memory, ">= 1", "megabytes");
}

// The whole image at once, or the largest tiles whose activations fit.
nn::PackedDrunet packed(const nn::Drunet& network, const Tensor& image, const DeblurOptions& options) {
  const std::int64_t H = image.size(2), W = image.size(3), limit = options.memory << 20;
  nn::PackedDrunet whole(network, H, W, {.precise = options.precise});
  if (whole.workspace_bytes() <= limit) return whole;
  const double per_pixel = static_cast<double>(whole.workspace_bytes()) / static_cast<double>(H * W);
  const auto side = static_cast<std::int64_t>(std::sqrt(static_cast<double>(limit) / per_pixel)) / 8 * 8;
  const std::int64_t least = 2 * nn::PackedDrunet::overlap(network.options()) + 8;
  return {network, H, W, {.precise = options.precise, .tile = std::max(side, least)}};
}

// A solve that the watch ended, with what it had.
struct Stopped {
  Tensor x;
  std::int64_t iterations;
  double residual;
};

// `map` with the watch on it. The solve sees the same numbers.
Map watched(const Map& map, const Frame& frame, const DeblurWatch& watch) {
  auto calls = std::make_shared<std::int64_t>(0);
  Map all([&map, &frame, &watch, calls](const State& y, const Rows& rows) {
    const State g = map(y, rows);
    ++*calls;
    if (!watch) return g;
    const double residual = ((g[0] - y[0]).norm() / g[0].norm()).item<double>();
    if (!watch(*calls, residual, frame.photo(g[0]))) throw Stopped{g[0].clone(), *calls, residual};
    return g;
  });
  return all.never_compact();
}

Deblurred iterated(const Map& map, const State& start, const solve::Solver& solver, const Frame& frame,
                   const DeblurOptions& o, const DeblurWatch& watch) {
  // Whoever asks for 100 iterations of a network that stands still no better gets the best of them all the same.
  const solve::Stop stop{.rtol = o.tolerance, .max_iter = o.iterations, .seconds = o.seconds, .patience = o.iterations};
  Deblurred answer;
  try {
    const Solution solution =
        solve::fixed_point(watched(map, frame, watch), start, solver, stop, {.compact = false, .tiles = false});
    answer.image = frame.photo(solution.y[0]);
    answer.iterations = *std::max_element(solution.iterations.begin(), solution.iterations.end());
    answer.residual = *std::max_element(solution.relative.begin(), solution.relative.end());
    const auto worst = std::find_if(solution.status.begin(), solution.status.end(),
                                    [](solve::Status status) { return status != solve::Status::converged; });
    answer.status = solve::to_string(worst == solution.status.end() ? solve::Status::converged : *worst);
  } catch (const Stopped& stopped) {
    answer.image = frame.photo(stopped.x);
    answer.iterations = stopped.iterations;
    answer.residual = stopped.residual;
    answer.status = "stopped";
  }
  return answer;
}

Deblurred by_formula(const Frame& frame, const Tensor& x) {
  Deblurred answer;
  answer.image = frame.photo(x);
  answer.status = "done";
  answer.residual = std::numeric_limits<double>::quiet_NaN();
  return answer;
}

Deblurred classical(const Frame& frame, const Blur& blur, double noise, const DeblurOptions& o,
                    const DeblurWatch& watch) {
  const Tensor& y = frame.image();
  if (o.method == "tikhonov") return by_formula(frame, tikhonov(blur, y, tikhonov_gamma(noise)));
  const Tensor smooth = gradient_tikhonov(blur, y, gradient_tikhonov_c(noise));
  if (o.method == "gradient-tikhonov") return by_formula(frame, smooth);
  const double weight = total_variation_weight(noise);
  const Map map = total_variation_map(blur, y, weight, 1 / (20 * weight));
  return iterated(map, total_variation_start(smooth), solve::Picard{}, frame, o, watch);
}

Deblurred unrolled(const DeblurModel& model, const Frame& frame, const Blur& blur, const DeblurOptions& o,
                   const DeblurWatch& watch) {
  const Tensor adjoint_y = blur.adjoint(frame.image());
  Tensor x = model.start(frame.image()).only();
  Deblurred answer;
  for (std::int64_t i = 0; i < model.layers(); ++i) {
    const Step& step = model.step(i);
    x = packed(step.denoiser(), x, o)(step.towards_data(blur, x, adjoint_y).contiguous(), step.sigma);
    answer.iterations = i + 1;
    answer.status = i + 1 == model.layers() ? "done" : "stopped";
    if (watch && !watch(i + 1, std::numeric_limits<double>::quiet_NaN(), frame.photo(x))) break;
  }
  answer.image = frame.photo(x);
  answer.residual = std::numeric_limits<double>::quiet_NaN();
  return answer;
}

// PGD's step size is bounded by the blur, not by the noise; an unrolled model's steps were trained one for another.
bool knows_noise(const DeblurModel& model, const DeblurOptions& o) {
  return model.options().implicit() && model.options().step == "hqs" && o.trained_noise > 0;
}

// `noise`: of the photo; 0 where the model is taken as it was trained.
Deblurred by_model(const DeblurModel& model, const Frame& frame, const Blur& blur, double noise, const DeblurOptions& o,
                   const DeblurWatch& watch) {
  if (!model.options().implicit()) return unrolled(model, frame, blur, o, watch);
  const Step& step = model.step(0);
  const double ratio = noise > 0 ? o.trained_noise / noise : 1;
  const double weight = std::clamp(ratio * ratio, kLeastWeight, kMostWeight);
  const nn::PackedDrunet denoiser = packed(step.denoiser(), frame.image(), o);
  const Map map([&, adjoint_y = blur.adjoint(frame.image())](const Tensor& x) {
    return denoiser(step.towards_data(blur, x, adjoint_y, weight).contiguous(), step.sigma);
  });
  const solve::Solver solver = o.solver == "picard" ? solve::Solver(solve::Picard{}) : solve::Solver(solve::Anderson{});
  Deblurred answer = iterated(map, model.start(frame.image()), solver, frame, o, watch);
  answer.windows = denoiser.windows();
  return answer;
}

}  // namespace

Deblurred deblur(const Tensor& y, const Tensor& kernel, const DeblurModel* model, const DeblurOptions& options,
                 const DeblurWatch& watch) {
  const at::NoGradGuard no_grad;
  check(y, kernel, model, options);
  const bool uses_model = options.method == "model";
  const Frame frame(y, kernel, options.circular, uses_model ? model->options().network.channels : 0);
  const Blur blur(kernel, frame.image().size(2), frame.image().size(3));
  const bool by_noise = !uses_model || knows_noise(*model, options);
  const double noise = !by_noise ? 0 : options.noise > 0 ? options.noise : std::max(kLeastNoise, noise_of(y));
  Deblurred answer =
      uses_model ? by_model(*model, frame, blur, noise, options, watch) : classical(frame, blur, noise, options, watch);
  answer.noise = noise;
  answer.height = frame.image().size(2);
  answer.width = frame.image().size(3);
  return answer;
}

}  // namespace fathom::imaging
