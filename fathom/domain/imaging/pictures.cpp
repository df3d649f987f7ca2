#include "fathom/domain/imaging/pictures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "fathom/domain/imaging/quality.h"
#include "fathom/domain/imaging/walk.h"
#include "fathom/tensor/convert.h"

namespace fathom::imaging {

std::vector<std::uint8_t> rgb_of(const Tensor& image) {
  std::vector<std::uint8_t> rgb;
  for (const double value : tensor::to_doubles(image.permute({1, 2, 0})))
    rgb.push_back(std::isfinite(value) ? static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0, 1.0))) : 0);
  return rgb;
}

base::FieldFigure strip_of(const Config& config, const Trained& trained, const TestCrops& test) {
  const Tensor y = test.set.blurred.narrow(0, 0, 1), truth = test.set.sharp.narrow(0, 0, 1);
  const std::vector<Tensor> x = walk(*trained.model, test.blur, y, config.study.iterations);
  base::FieldFigure figure{.name = "strip-" + trained.spec.name,
                           .section = "A test crop",
                           .caption = fmt::format("{}: a blurred crop, the iterates x_t with their PSNR, and the sharp "
                                                  "crop.",
                                                  trained.spec.name),
                           .height = truth.size(2),
                           .width = truth.size(3),
                           .columns = static_cast<std::int64_t>(config.study.pictured.size()) + 2};
  const auto add = [&](const std::string& title, const Tensor& image, const std::string& note) {
    base::FieldFigure::Panel panel{title, 0, 1, {}};
    panel.rgb = rgb_of(image[0]);
    panel.note = note;
    figure.panels.push_back(std::move(panel));
  };
  const auto quality = [&](const Tensor& image) { return fmt::format("{:.1f} dB", psnr(image, truth)[0]); };
  add("blurred", y, quality(y));
  for (const std::int64_t t : config.study.pictured) {
    const Tensor& image = x[static_cast<std::size_t>(t - 1)];
    add(fmt::format("t = {}", t), image, quality(image));
  }
  add("sharp", truth, "");
  return figure;
}

}  // namespace fathom::imaging
