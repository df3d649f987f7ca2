// A DRUNet (nn/drunet.h) on packed weights for images of one size: float32 on the CPU, no gradient. The same function
// as Drunet::forward in evaluation, with its ways for every size.
//
// Tiles    `tile` > 0: an image with a longer side is taken in windows of at most that side, which keep only what no
//          border of theirs can reach (overlap() pixels), so that the answer is that of the whole image: there are no
//          seams. Each pixel is then computed (tile / (tile - 2 overlap))^2 times in the long run.
// Shapes   x (N, C, height, width) -> the same; sigma as in Drunet.
// Memory   workspace_bytes() for each image at work, plus the packed weights: with Winograd up to four times the
//          network's own, 0.5 GB at the original's widths.
// Accuracy kernel/conv_net.h, layer by layer; `precise` uses direct sums alone.
// The weights are those at construction. An image has the same bits in every batch.
// Errors   (fathom::Error) weights that are not float32 on the CPU; a size below 1; tiles that are no multiples of 8 or
//          of at most 2 overlap() pixels; x of another shape or type.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fathom/nn/drunet.h"

namespace fathom::kernel {
class ConvNet;
}

namespace fathom::nn {

struct PackedDrunetOptions {
  bool precise = false;
  std::int64_t tile = 0;  // 0: the whole image at once
};

class PackedDrunet {
 public:
  PackedDrunet(const Drunet& network, std::int64_t height, std::int64_t width, const PackedDrunetOptions& options = {});
  ~PackedDrunet();
  PackedDrunet(PackedDrunet&&) noexcept;
  PackedDrunet& operator=(PackedDrunet&&) noexcept;

  Tensor operator()(const Tensor& x, const Tensor& sigma) const;
  Tensor operator()(const Tensor& x, double sigma) const;

  double flops() const;  // of one image by direct sums, repeated work of windows included
  std::int64_t windows() const { return static_cast<std::int64_t>(windows_.size()); }
  std::int64_t workspace_bytes() const;
  std::int64_t weight_bytes() const;
  bool winograd() const;  // whether any layer uses it

  // How far a pixel of the answer sees, up to the next multiple of 8.
  static std::int64_t overlap(const DrunetOptions& options);

 private:
  // What a window reads of the image, beginning at (top, left), and which part of its answer is kept, from
  // (first_row, first_column) of the window on.
  struct Window {
    std::int64_t top = 0, left = 0, first_row = 0, first_column = 0, rows = 0, columns = 0;
  };
  // The same along one side: where a window begins, which share of it is kept from where on.
  struct Span {
    std::int64_t begin = 0, first = 0, length = 0;
  };

  static std::vector<Span> quadrant_spans(std::int64_t side);
  static std::vector<Span> tile_spans(std::int64_t side, std::int64_t tile, std::int64_t overlap);
  void plan_windows(const PackedDrunetOptions& options);
  void cross(const std::vector<Span>& rows, const std::vector<Span>& columns);

  DrunetOptions network_;
  std::int64_t height_, width_;
  std::int64_t padded_height_ = 0, padded_width_ = 0;  // after repeating the last row and column
  std::int64_t window_height_ = 0, window_width_ = 0;
  std::vector<Window> windows_;
  std::unique_ptr<const kernel::ConvNet> net_;
};

}  // namespace fathom::nn
