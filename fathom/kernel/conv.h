// Convolutions of square kernels that keep the size of their field ("same": zeros around it, stride 1), with packed
// weights, through oneDNN. As in libtorch, a convolution is a correlation:
//   y(o, p, q) = act( sum_{i,a,b} W(o, i, a, b) x(i, p + a - r, q + b - r) + b(o) + c(o, p, q) ),   r = (size - 1) / 2
// act is relu or the identity. The vjp is the convolution with the kernel turned and its channels exchanged: adjoint().
//
// Method   direct sums where `precise` is asked for; else Winograd's for 3x3 kernels [LavinGray2016] arXiv:1509.09308,
//          where oneDNN has it for the processor and shape. It makes 2.25 to 4 times fewer multiplications.
// Shapes   weight (out, in, size, size), x (n, in, height, width), c and y (n or samples, out, height, width).
//          Fields are moved to oneDNN's blocked layout and back, one pass over each.
// Cost     2 size^2 in out height width operations a sample by direct sums.
// Accuracy u the unit roundoff, K = size^2 in: precise, an argument of act is within (K + 4) u (sum |W x| + |b| + |c|)
// of
//          the exact one. Winograd's error depends on a point's neighbourhood: it is within 64 u of the largest such
//          sum over the whole field; measured and tested.
// A sample has the same bits alone, in any batch and on any number of threads: each is one call of its own.
// Threads  forward may be called from several threads and splits the samples.
// Errors   (fathom::Error): sizes below 1, an even kernel, a shape that oneDNN refuses, forward with c without
//          options.adds or the reverse.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace fathom::kernel {

struct ConvShape {
  std::int64_t in = 1, out = 1;
  std::int64_t height = 1, width = 1;
  std::int64_t size = 3;
};

struct ConvOptions {
  bool relu = false;
  bool adds = false;  // whether forward is given c
  bool precise = false;
};

// c(sample[i], ...) is added to field i.
struct ConvAddend {
  const float* c = nullptr;
  const std::int64_t* sample = nullptr;  // null is 0, 1, 2 ...
};

class Conv {
 public:
  // Copies `weight` and `bias` (out), null for none.
  Conv(const ConvShape& shape, const float* weight, const float* bias, const ConvOptions& options = {});
  ~Conv();
  Conv(Conv&&) noexcept;
  Conv& operator=(Conv&&) noexcept;

  const ConvShape& shape() const { return shape_; }
  bool winograd() const;  // which method it is
  void forward(std::int64_t n, const float* x, float* y, const ConvAddend& addend = {}) const;
  double flops() const;  // of one sample by direct sums

 private:
  struct Primitives;
  ConvShape shape_;
  std::unique_ptr<const Primitives> primitives_;
};

// The weights of the vjp's convolution, from out to in channels: (in, out, size, size), turned by half a turn.
std::vector<float> adjoint_weight(const ConvShape& shape, const float* weight);

}  // namespace fathom::kernel
