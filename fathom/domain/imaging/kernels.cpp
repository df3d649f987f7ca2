#include "fathom/domain/imaging/kernels.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numbers>
#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/ones.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/io/npy.h"
#include "fathom/io/png.h"
#include "fathom/tensor/convert.h"

namespace fathom::imaging {

namespace {

constexpr const char* kPlace = "imaging::read_kernel";
constexpr std::int64_t kLargest = 1024;
constexpr int kPointsASide = 16;  // of a pixel's square, to find its share of a disc

using Weight = std::function<double(double x, double y)>;

// Scaled to sum 1; x to the right and y upwards, while rows count downwards.
Tensor drawn(std::int64_t half_height, std::int64_t half_width, const Weight& weight) {
  std::vector<double> values;
  for (std::int64_t row = -half_height; row <= half_height; ++row) {
    for (std::int64_t column = -half_width; column <= half_width; ++column)
      values.push_back(weight(static_cast<double>(column), static_cast<double>(-row)));
  }
  const Tensor kernel = tensor::from_doubles(values, {2 * half_height + 1, 2 * half_width + 1}, at::kDouble);
  return kernel / kernel.sum();
}

std::int64_t half_side(double reach, const char* name) {
  const auto most = static_cast<double>((kLargest - 1) / 2);
  if (!(reach <= most)) base::fail(kPlace, "{} reaches {} pixels, which violates <= {}", name, reach, most);
  return static_cast<std::int64_t>(std::ceil(reach));
}

double number_in(std::string_view word, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(value))
    base::fail(kPlace, "kernel = {} violates NAME:NUMBERS; '{}' is no number", text, word);
  return value;
}

std::vector<double> numbers_in(std::string_view list, const std::string& text) {
  std::vector<double> numbers;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    numbers.push_back(number_in(list.substr(0, comma), text));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return numbers;
}

struct Named {
  const char* name;
  const char* form;
  std::size_t numbers;
  Tensor (*make)(const std::vector<double>&);
};

const std::vector<Named>& named() {
  static const std::vector<Named> all = {
      {"delta", "delta", 0, [](const std::vector<double>&) { return delta_kernel(); }},
      {"gaussian", "gaussian:SIGMA", 1, [](const std::vector<double>& n) { return gaussian_kernel(n[0]); }},
      {"motion", "motion:LENGTH,ANGLE", 2, [](const std::vector<double>& n) { return motion_kernel(n[0], n[1]); }},
      {"defocus", "defocus:RADIUS", 1, [](const std::vector<double>& n) { return defocus_kernel(n[0]); }}};
  return all;
}

[[noreturn]] void refuse_name(const std::string& text, const std::string& name) {
  std::vector<std::string> names, forms;
  for (const Named& known : named()) {
    names.emplace_back(known.name);
    forms.emplace_back(known.form);
  }
  const std::string near = base::nearest(name, names);
  base::fail(kPlace, "kernel = {} violates {}, FILE.npy or FILE.png{}", text, fmt::join(forms, ", "),
             near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

Tensor by_name(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string_view list = colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1);
  for (const Named& known : named()) {
    if (known.name != name) continue;
    const std::vector<double> numbers = numbers_in(list, text);
    base::require(numbers.size() == known.numbers, kPlace, "kernel", text, known.form,
                  fmt::format("it takes {} numbers", known.numbers));
    return known.make(numbers);
  }
  refuse_name(text, name);
}

Tensor from_npy(const std::string& path) {
  const io::TensorRecord record = io::read_npy(path);
  std::vector<std::int64_t> shape = record.shape;
  while (shape.size() > 2 && shape.front() == 1) shape.erase(shape.begin());
  if (shape.size() != 2)
    base::fail(kPlace, "{}'s shape = {} violates (h, w); a kernel is a matrix", path, io::shape_text(record.shape));
  return tensor::from_doubles(io::to_doubles(record), shape, at::kDouble);
}

Tensor from_png(const std::string& path) {
  const io::Image image = io::read_png(path);
  const std::int64_t colours = image.channels >= 3 ? 3 : 1;
  std::vector<double> values;
  for (std::int64_t row = 0; row < image.height; ++row) {
    for (std::int64_t column = 0; column < image.width; ++column) {
      double light = 0;
      for (std::int64_t c = 0; c < colours; ++c) light += image.at(row, column, c);
      values.push_back(light / static_cast<double>(colours));
    }
  }
  return tensor::from_doubles(values, {image.height, image.width}, at::kDouble);
}

}  // namespace

Tensor delta_kernel() { return at::ones({1, 1}, at::kDouble); }

Tensor gaussian_kernel(double sigma) {
  base::require(sigma > 0, kPlace, "gaussian's sigma", sigma, "> 0", "delta is no blur at all");
  const std::int64_t half = half_side(3 * sigma, "gaussian");
  return drawn(half, half, [&](double x, double y) { return std::exp(-(x * x + y * y) / (2 * sigma * sigma)); });
}

Tensor motion_kernel(double length, double degrees) {
  base::require(length >= 1, kPlace, "motion's length", length, ">= 1", "1 is no motion");
  const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
  const double half = (length - 1) / 2;
  const auto weight = [&](double x, double y) {
    const double along = std::clamp(x * c + y * s, -half, half);
    return std::max(0.0, 1 - std::hypot(x - along * c, y - along * s));
  };
  // Weights reach less than one pixel beyond the segment; 1e-9 forgives the rounding of cos and sin.
  const auto reach = [&](double share) { return half_side(half * std::abs(share) - 1e-9, "motion"); };
  const std::int64_t height = reach(s), width = reach(c);
  return drawn(height, width, weight);
}

Tensor defocus_kernel(double radius) {
  base::require(radius >= 0.5, kPlace, "defocus's radius", radius, ">= 0.5", "a smaller disc lies within one pixel");
  const std::int64_t half = half_side(radius - 0.5, "defocus");
  return drawn(half, half, [&](double x, double y) {
    int inside = 0;
    for (int i = 0; i < kPointsASide; ++i) {
      for (int j = 0; j < kPointsASide; ++j) {
        const double u = x - 0.5 + (i + 0.5) / kPointsASide, v = y - 0.5 + (j + 0.5) / kPointsASide;
        inside += u * u + v * v <= radius * radius;
      }
    }
    return static_cast<double>(inside);
  });
}

Tensor turned(const Tensor& kernel) { return kernel.flip({0, 1}); }

NamedKernel checked_kernel(const Tensor& weights, const std::string& origin) {
  const Tensor w = weights.to(at::kDouble);
  if (w.dim() != 2 || w.numel() == 0 || w.size(0) > kLargest || w.size(1) > kLargest) {
    base::fail(kPlace, "{}'s shape = ({}) violates 1 x 1 ... {} x {}; a matrix of weights", origin,
               fmt::join(w.sizes(), ", "), kLargest, kLargest);
  }
  if (!at::isfinite(w).all().item<bool>())
    base::fail(kPlace, "{} holds NaN or infinity, which violates finite; a kernel's weights are numbers", origin);
  const double least = w.min().item<double>(), sum = w.sum().item<double>();
  base::require(least >= 0, kPlace, origin + "'s least weight", least, ">= 0", "light adds up, it does not cancel");
  base::require(sum > 0 && std::isfinite(sum), kPlace, origin + "'s sum", sum, "> 0 and finite",
                "a kernel of zeros lets no light through");
  return {w / sum, sum};
}

NamedKernel read_kernel(const std::string& text) {
  if (text.ends_with(".npy")) return checked_kernel(from_npy(text), text);
  if (text.ends_with(".png")) return checked_kernel(from_png(text), text);
  return checked_kernel(by_name(text), text);
}

}  // namespace fathom::imaging
