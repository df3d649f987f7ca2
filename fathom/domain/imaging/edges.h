// A photo's borders are where the light of what lies beyond them was cut off, but the model of the blur is circular
// (blur.h): it takes the left border for the right one's neighbour, and restored as it is a photo rings along all four.
// So it is put into a larger image whose opposite borders meet smoothly, restored there, and cut out again.
//
//   In the m rows below the last and above the first (one gap, as rows are circular), with t = 1 ... m from below:
//     w = (1 - cos(pi t / (m + 1))) / 2,   row t = (1 - w) last row + w first row
//   The same for columns then, corners included. What was filled in is blurred once by the kernel itself, so that it is
//   as smooth as a blurred image and carries no streaks of the borders' noise; the photo's own pixels stay.
//
// Size     at least `margin` = the kernel's side, 16 at least, around each side; each side a multiple of 8 and at least
//          32, as DRUNet wants it (nn/drunet.h).
// Shapes   y (N, C, height, width) -> (N, C, padded_height(), padded_width()) and back.
// Errors   (fathom::Error) a size below 1; an image of another size.
#pragma once

#include "fathom/tensor/tensor.h"

namespace fathom::imaging {

class EdgeTaper {
 public:
  EdgeTaper(std::int64_t height, std::int64_t width, const Tensor& kernel);

  std::int64_t padded_height() const { return rows_.padded; }
  std::int64_t padded_width() const { return columns_.padded; }

  Tensor pad(const Tensor& y) const;
  Tensor crop(const Tensor& x) const;

 private:
  struct Side {
    std::int64_t size = 0, padded = 0, before = 0;  // of the photo; with its margins; where the photo begins
  };
  static Side side(std::int64_t size, std::int64_t kernel);
  static Tensor fill(const Tensor& y, const Side& side, std::int64_t dim);

  Side rows_, columns_;
  Tensor kernel_;
};

}  // namespace fathom::imaging
