// A feed-forward net of convolutions on images of one size, such as a U-Net, with packed weights through oneDNN. Value
// 0 is the image x; layer k = 1 ... L makes value k from earlier ones; the answer is value L.
//   value k = act( conv_k(value from) + sum of the values in plus ),   act relu or the identity
// The three convolutions of a layer, without bias (r = (size - 1) / 2):
//   same      y(o, p, q) = sum_{i,a,b} W(o, i, a, b) x(i, p + a - r, q + b - r)      size odd, zeros around x
//   halving   y(o, p, q) = sum_{i,a,b} W(o, i, a, b) x(i, 2p + a, 2q + b)            size 2
//   doubling  y(o, 2p + a, 2q + b) = sum_i W(i, o, a, b) x(i, p, q)                  size 2, libtorch's
//   conv_transpose2d
//
// Method   as kernel/conv.h: Winograd's for 3x3 unless `precise`. Values stay in oneDNN's blocked layout from the first
//          layer to the last; sums and relu are part of the convolutions, and a sum whose addend is read no more is
//          made in its place.
// Shapes   x (n, channels, height, width), y (n, channels, height, width of value L).
// Memory   workspace() floats for each sample at work, planned once: values that do not live at the same time share;
//          kept by the thread between calls. Winograd's packed weights are up to four times the plain ones.
// Accuracy of a layer: kernel/conv.h, with the values of `plus` among the terms of the sum.
// A sample has the same bits alone, in any batch and on any number of threads.
// Threads  forward may be called from several threads. It takes samples side by side where there is one for every
//          thread, else one after the other, each by all threads.
// Errors   (fathom::Error) no layer; channels or a size below 1; a layer that reads a value not made yet, adds one of
//          another shape, halves an odd side; an even `size` of same, another than 2 of the others; out of memory.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace fathom::kernel {

struct ConvLayer {
  enum class Kind : std::uint8_t { same, halving, doubling };
  Kind kind = Kind::same;
  std::int64_t from = 0;  // value it reads
  std::int64_t out = 1;   // channels it makes
  std::int64_t size = 3;
  const float* weight = nullptr;   // copied
  std::vector<std::int64_t> plus;  // values added
  bool relu = false;
};

struct ConvNetShape {
  std::int64_t channels = 1, height = 1, width = 1;
  std::int64_t numbers() const { return channels * height * width; }
  bool operator==(const ConvNetShape&) const = default;
};

class ConvNet {
 public:
  ConvNet(const ConvNetShape& input, const std::vector<ConvLayer>& layers, bool precise = false);
  ~ConvNet();
  ConvNet(ConvNet&&) noexcept;
  ConvNet& operator=(ConvNet&&) noexcept;

  const ConvNetShape& input() const;
  const ConvNetShape& output() const;
  void forward(std::int64_t n, const float* x, float* y) const;

  double flops() const;               // of one sample by direct sums
  std::int64_t winograd() const;      // layers that use it
  std::int64_t workspace() const;     // floats a sample at work takes
  std::int64_t weight_bytes() const;  // packed

 private:
  struct Plan;
  std::unique_ptr<const Plan> plan_;
};

}  // namespace fathom::kernel
