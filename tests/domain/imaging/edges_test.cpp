#include "fathom/domain/imaging/edges.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn_like.h>
#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/domain/imaging/classical.h"
#include "fathom/domain/imaging/kernels.h"
#include "fathom/domain/imaging/quality.h"

namespace fathom::imaging {
namespace {

using testing::HasSubstr;

TEST(EdgeTaper, CropUndoesPad) {
  for (const auto& [h, w] : {std::pair{1, 1}, {7, 50}, {64, 64}, {33, 41}}) {
    const EdgeTaper taper(h, w, gaussian_kernel(2));
    const Tensor y = at::rand({2, 3, h, w}), padded = taper.pad(y);
    EXPECT_EQ(padded.sizes(), at::IntArrayRef({2, 3, taper.padded_height(), taper.padded_width()}));
    EXPECT_TRUE(at::equal(taper.crop(padded), y));
    EXPECT_EQ(taper.padded_height() % 8, 0);
    EXPECT_GE(taper.padded_height(), std::max(32, h + 2 * 16));
    EXPECT_LT(taper.padded_width(), std::max(32, w + 2 * 16) + 8);
  }
  EXPECT_GE(EdgeTaper(10, 10, motion_kernel(41, 90)).padded_height(), 10 + 2 * 41);
  EXPECT_LT(EdgeTaper(10, 10, motion_kernel(41, 90)).padded_width(), 10 + 2 * 41);
}

TEST(EdgeTaper, LeavesAConstantConstant) {
  const EdgeTaper taper(20, 30, defocus_kernel(3));
  const Tensor padded = taper.pad(at::full({1, 1, 20, 30}, 0.7, at::kDouble));
  EXPECT_LE((padded - 0.7).abs().max().item<double>(), 1e-14);
}

// Between neighbours in the margin no step is larger than that of the cosine, pi / (2 (m + 1)) of the borders'
// difference, and of two such sides.
TEST(EdgeTaper, OppositeBordersMeetSmoothly) {
  Tensor y = at::full({1, 1, 40, 40}, 0.0, at::kDouble);
  y.narrow(2, 20, 20).fill_(1);  // dark above, light below
  const EdgeTaper taper(40, 40, gaussian_kernel(1));
  const Tensor padded = taper.pad(y), steps = (padded.roll({-1}, {2}) - padded).abs();
  const auto margin = static_cast<double>(taper.padded_height() - 40);
  const std::int64_t top = (taper.padded_height() - 40) / 2;
  const double limit = M_PI / (2 * (margin + 1)) * 1.0001;
  EXPECT_LE(steps.narrow(2, 0, top - 1).max().item<double>(), limit);
  EXPECT_LE(steps.narrow(2, top + 40, taper.padded_height() - top - 41).max().item<double>(), limit);
  EXPECT_LE((padded.select(2, 0) - padded.select(2, taper.padded_height() - 1)).abs().max().item<double>(), limit);
}

// A scene larger than the photo: what the camera cut off is not on the other side. Restored by the circular model as it
// is, the photo rings at its borders; in a tapered frame less.
TEST(EdgeTaper, APhotoRestoredInItRingsLess) {
  torch::manual_seed(2);
  const Tensor kernel = motion_kernel(13, 30);
  const Blur wide(kernel, 128, 128, at::kDouble);
  const Tensor scene =
      4 * Blur(gaussian_kernel(1.5), 128, 128, at::kDouble).apply(at::rand({1, 1, 128, 128}, at::kDouble)) - 1.5;
  const auto photo = [](const Tensor& x) { return x.narrow(2, 20, 75).narrow(3, 24, 83).contiguous(); };
  const Tensor blurred = wide.apply(scene), y = photo(blurred + 0.005 * at::randn_like(scene)), x = photo(scene);
  const EdgeTaper taper(75, 83, kernel);
  const Tensor padded = taper.pad(y);
  const double c = gradient_tikhonov_c(0.005);
  const Tensor plain = gradient_tikhonov(Blur(kernel, 75, 83, at::kDouble), y, c);
  const Tensor framed =
      taper.crop(gradient_tikhonov(Blur(kernel, taper.padded_height(), taper.padded_width(), at::kDouble), padded, c));
  EXPECT_GT(psnr(framed, x)[0], psnr(plain, x)[0] + 3) << "half the squared error at least";
  EXPECT_GT(psnr(framed, x)[0], psnr(y, x)[0]);
}

TEST(EdgeTaper, SaysWhatDoesNotFit) {
  const auto expect = [](const char* text, const auto& call) {
    try {
      call();
      ADD_FAILURE() << "expected " << text;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  };
  const EdgeTaper taper(20, 30, delta_kernel());
  expect("[imaging::EdgeTaper] image's shape = (1, 1, 30, 20) violates (N, C, 20, 30)", [&] {
    taper.pad(at::rand({1, 1, 30, 20}));
  });
  expect("violates (N, C, 56, 64)", [&] { taper.crop(at::rand({1, 1, 20, 30})); });
  expect("width = 0 violates >= 1", [&] { EdgeTaper(3, 0, delta_kernel()); });
}

}  // namespace
}  // namespace fathom::imaging
