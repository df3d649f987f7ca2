#include "fathom/train/loss_curve.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace fathom::train {

LossCurve thinned(const std::vector<double>& losses, std::size_t points) {
  const std::size_t stretch = std::max<std::size_t>(1, (losses.size() + points - 1) / points);
  LossCurve curve;
  for (std::size_t begin = 0; begin < losses.size(); begin += stretch) {
    const std::size_t end = std::min(begin + stretch, losses.size());
    const auto first = losses.begin() + static_cast<std::ptrdiff_t>(begin),
               last = losses.begin() + static_cast<std::ptrdiff_t>(end);
    curve.step.push_back(static_cast<double>(end));
    curve.loss.push_back(std::accumulate(first, last, 0.0) / static_cast<double>(end - begin));
  }
  return curve;
}

void append_curve(io::Safetensors& file, const LossCurve& curve) {
  const auto points = static_cast<std::int64_t>(curve.loss.size());
  file.tensors.push_back(io::from_doubles("curve:step", {points}, curve.step));
  file.tensors.push_back(io::from_doubles("curve:loss", {points}, curve.loss));
}

LossCurve read_curve(const io::Safetensors& file) {
  return {io::to_doubles(file.at("curve:step")), io::to_doubles(file.at("curve:loss"))};
}

}  // namespace fathom::train
