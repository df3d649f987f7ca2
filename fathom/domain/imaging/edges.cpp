#include "fathom/domain/imaging/edges.h"

#include <algorithm>
#include <numbers>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/blur.h"

namespace fathom::imaging {

namespace {

constexpr const char* kPlace = "imaging::EdgeTaper";
constexpr std::int64_t kMargin = 16, kMultiple = 8, kLeast = 32;

}  // namespace

EdgeTaper::Side EdgeTaper::side(std::int64_t size, std::int64_t kernel) {
  const std::int64_t wanted = std::max(kLeast, size + 2 * std::max(kMargin, kernel));
  const std::int64_t padded = (wanted + kMultiple - 1) / kMultiple * kMultiple;
  return {size, padded, (padded - size) / 2};
}

EdgeTaper::EdgeTaper(std::int64_t height, std::int64_t width, const Tensor& kernel) : kernel_(kernel) {
  base::require(height >= 1, kPlace, "height", height, ">= 1", "an image has rows");
  base::require(width >= 1, kPlace, "width", width, ">= 1", "an image has columns");
  if (kernel.dim() != 2)
    base::fail(kPlace, "kernel's shape = ({}) violates (h, w); a matrix", fmt::join(kernel.sizes(), ", "));
  rows_ = side(height, kernel.size(0));
  columns_ = side(width, kernel.size(1));
}

Tensor EdgeTaper::fill(const Tensor& y, const Side& side, std::int64_t dim) {
  const std::int64_t gap = side.padded - side.size;
  const Tensor t = at::arange(1, gap + 1, y.options());
  std::vector<std::int64_t> shape(static_cast<std::size_t>(y.dim()), 1);
  shape[static_cast<std::size_t>(dim)] = gap;
  const Tensor w = ((1 - (t * (std::numbers::pi / static_cast<double>(gap + 1))).cos()) / 2).reshape(shape);
  const Tensor first = y.narrow(dim, 0, 1), last = y.narrow(dim, side.size - 1, 1);
  return at::cat({y, (1 - w) * last + w * first}, dim).roll({side.before}, {dim});
}

Tensor EdgeTaper::pad(const Tensor& y) const {
  if (y.dim() != 4 || y.size(2) != rows_.size || y.size(3) != columns_.size) {
    base::fail(kPlace, "image's shape = ({}) violates (N, C, {}, {}); the margins were planned for these",
               fmt::join(y.sizes(), ", "), rows_.size, columns_.size);
  }
  const Tensor filled = fill(fill(y, rows_, 2), columns_, 3);
  const Blur blur(kernel_, rows_.padded, columns_.padded, y.scalar_type(), y.device());
  const Tensor smooth = blur.apply(filled);
  crop(smooth).copy_(y);
  return smooth;
}

Tensor EdgeTaper::crop(const Tensor& x) const {
  if (x.dim() != 4 || x.size(2) != rows_.padded || x.size(3) != columns_.padded) {
    base::fail(kPlace, "image's shape = ({}) violates (N, C, {}, {}); it is no image of this padding",
               fmt::join(x.sizes(), ", "), rows_.padded, columns_.padded);
  }
  return x.narrow(2, rows_.before, rows_.size).narrow(3, columns_.before, columns_.size);
}

}  // namespace fathom::imaging
