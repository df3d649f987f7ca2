// DRUNet: a U-Net that is told the noise level of its image, D(x, sigma).  [Zhang2021] arXiv:2008.13751, sec. 3
//
//   head(C+1 -> n0); three times (blocks, 2x2 stride 2); blocks; three times (+ skip, 2x2 transposed stride 2, blocks);
//   tail(+ skip; n0 -> C).     block: x + conv(relu(conv x)).     All convolutions without bias, 3x3 but for the 2x2s.
//
// Shapes   x (N, C, H, W) -> (N, C, H, W); sigma one number, a tensor of no dimension, or (N), one of each image; in
//          the units of x. A map of sigma is one more input channel.
// Sizes    H and W multiples of 8 and at least 32: as they are. Otherwise, in training or where a side is below 32:
//          the last row and column repeated up to a multiple of 16, and cut off again. Otherwise, in evaluation: four
//          overlapping quadrants whose sides are multiples of 64, each giving its quarter of the answer.
//          Differs: the original fails in evaluation where a side of 32 ... 63 is no multiple of 8; it is padded here.
// Names    m_head, m_down{1,2,3}.<i>.res.{0,2}, m_down{1,2,3}.<blocks>, m_body.<i>.res.{0,2}, m_up{3,2,1}.0,
//          m_up{3,2,1}.<i>.res.{0,2}, m_tail, each .weight: the original's state_dict (of one block: m_body.res.{0,2}).
// Start    orthogonal with gain 0.2, from libtorch's generator.
// Cost     at the original's 64..512 channels and 4 blocks: 32 640 960 parameters for colour, 34.7 GMAC at 128 x 128.
// Errors   (fathom::Error) options out of bounds; x or sigma of another shape.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/nn/module.h>

#include "fathom/nn/drunet_options.h"
#include "fathom/tensor/tensor.h"

namespace fathom::nn {

class DrunetPart;

class Drunet : public torch::nn::Module {
 public:
  explicit Drunet(const DrunetOptions& options);

  const DrunetOptions& options() const { return options_; }

  Tensor forward(const Tensor& x, const Tensor& sigma) const;
  Tensor forward(const Tensor& x, double sigma) const;

  // The network itself on x with its map of sigma as last channel, (N, C + 1, H, W); H and W multiples of 8.
  Tensor unet(const Tensor& x) const;

 private:
  Tensor padded(const Tensor& x) const;
  Tensor by_quadrants(const Tensor& x) const;

  DrunetOptions options_;
  std::shared_ptr<DrunetPart> head_, body_, tail_;
  std::vector<std::shared_ptr<DrunetPart>> down_, up_;  // fine to coarse; coarse to fine
};

}  // namespace fathom::nn
