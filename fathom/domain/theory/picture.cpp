#include "fathom/domain/theory/picture.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ops/linalg_vector_norm.h>
#include <fmt/format.h>

#include "fathom/tensor/convert.h"

namespace fathom::theory {

namespace {

constexpr std::size_t kMostPoints = 240;
constexpr double kDecades = 20;

double six_digits(double value) { return std::isfinite(value) ? std::stod(fmt::format("{:.6g}", value)) : value; }

}  // namespace

base::Figure::Line line(const std::string& name, std::vector<double> x, std::vector<double> y) {
  base::Figure::Line result{name, std::move(x), std::move(y)};
  for (double& v : result.x) v = six_digits(v);
  for (double& v : result.y) v = six_digits(v);
  return result;
}

base::Figure::Line drawn_line(const std::string& name, const Probed& probed, const std::vector<double>& values) {
  const std::size_t count = probed.place.size(), stride = std::max<std::size_t>(1, count / kMostPoints);
  std::vector<double> x, y;
  for (std::size_t i = 0; i < count; ++i) {
    const bool end =
        std::find(probed.breaks.begin(), probed.breaks.end(), static_cast<std::int64_t>(i)) != probed.breaks.end();
    const bool start = i > 0 && std::find(probed.breaks.begin(), probed.breaks.end(),
                                          static_cast<std::int64_t>(i) - 1) != probed.breaks.end();
    if (i % stride != 0 && i + 1 != count && !end && !start) continue;
    x.push_back(probed.place[i]);
    y.push_back(values[i]);
    if (!end) continue;
    x.push_back(probed.place[i]);
    y.push_back(std::numeric_limits<double>::quiet_NaN());
  }
  return line(name, std::move(x), std::move(y));
}

std::vector<double> drawn_values(const Probed& probed, const Tensor& y) {
  const Tensor rows = y.narrow(0, 0, probed.drawn());
  return tensor::to_doubles(y.size(1) == 1 ? rows : at::linalg_vector_norm(rows, 2, {1}));
}

bool spans_decades(const std::vector<double>& values) {
  double least = std::numeric_limits<double>::infinity(), greatest = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    if (v <= 0) return false;
    least = std::min(least, v);
    greatest = std::max(greatest, v);
  }
  return greatest >= kDecades * least;
}

std::string short_number(double value) { return fmt::format("{:.4g}", value); }

}  // namespace fathom::theory
