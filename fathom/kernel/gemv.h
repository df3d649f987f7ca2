// Products of a large matrix, in a short number format or not, with a few rows: what reading the matrix once costs.
//   y(r, o) = act( sum_k x(r, k) W(o, k) + b(o) + c(sample_r, o) ),     w(r, k) = sum_o u(r, o) W(o, k)
// Only the weights may be short; x, u, all sums and results are float.
//
//   bf16   W rounded to 8 significant bits, ties to even: |error| <= 2^-8 |W|. 2 bytes a weight.
//   int8   W(o, k) = s q with q in -127 .. 127 and one float s for each 128 inputs of an output, s = max |W| / 127:
//          |error| <= (1/2 + 2^-15) s. 1.03 bytes a weight.
//   int4   the same with q in -7 .. 7 and s = max |W| / 7. 0.53 bytes a weight.
//   f32    W as it is. 4 bytes a weight.
// weight(o, k) is the number that stands for W(o, k). With u = 2^-24, a result's sum is within
// (inputs + 4) u (sum |x W| + |b| + |c|) (bf16, f32) or (inputs + 8) u of it (int8) of the exact one for those numbers,
// for the vjp with outputs in place of inputs; act as in activation.h. int4 as int8, but with 23 s in place of |W| in
// y: its sums are of q + 8 and of -8.
//
// Weights lie in the order in which products read them, four outputs side by side, on huge pages. bf16 becomes float by
// a shift, which is exact and free beside the memory; the processor's bf16 dot product would round x as well.
// Shapes   weight (outputs, inputs), x and w (rows, inputs), u and y (rows, outputs), contiguous; any number of rows.
// Cost     one pass over the weights from memory; 32 outputs at a time stay in the cache for 4 rows after the other, so
//          that many rows (a prompt) run at the speed of a matrix product: 0.8 of the processor's peak from 16 rows on.
// A row has the same bits alone, in any batch and on any number of threads.
// Errors: a size below 1, a weight for int8 or int4 that is not finite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <hwy/aligned_allocator.h>

#include "fathom/kernel/activation.h"

namespace fathom::kernel {

enum class WeightFormat { bf16, int8, int4, f32 };

// The packed weights. Block b holds outputs 4 b .. 4 b + 3; in it, chunk after chunk of kGemvChunk inputs, each with
// the numbers of the first output, then those of the second, ...; what is beyond the sizes is zero.
inline constexpr std::int64_t kGemvOutputs = 4;
inline constexpr std::int64_t kGemvChunk = 128;

struct GemvView {
  std::int64_t outputs = 0, inputs = 0;
  std::int64_t blocks = 0, chunks = 0;
  const std::uint16_t* bf16 = nullptr;  // one of the four
  const std::int8_t* int8 = nullptr;
  const std::uint32_t* int4 = nullptr;  // q + 8 of weight k of a chunk: bits 4 (k / 16) and up of word k % 16
  const float* f32 = nullptr;
  const float* scale = nullptr;  // of int8 and int4: (blocks, chunks, 4)
};

// What is added to each row before the activation: c(sample[r], :).
struct GemvAddend {
  const float* c = nullptr;              // (samples, outputs) or null
  const std::int64_t* sample = nullptr;  // null is 0, 1, 2 ...
};

class Gemv {
 public:
  // Copies `weight`, and `bias` (outputs) unless it is null.
  Gemv(WeightFormat format, const float* weight, std::int64_t outputs, std::int64_t inputs, const float* bias = nullptr,
       Activation act = Activation::identity);

  std::int64_t outputs() const { return view_.outputs; }
  std::int64_t inputs() const { return view_.inputs; }
  Activation activation() const { return act_; }
  const float* bias() const { return bias_.empty() ? nullptr : bias_.data(); }
  float weight(std::int64_t output, std::int64_t input) const;
  std::size_t bytes() const;  // that a product reads

  void evaluate(std::int64_t rows, const float* x, float* y, const GemvAddend& addend = {}) const;
  // The same without the activation.
  void argument(std::int64_t rows, const float* x, float* y, const GemvAddend& addend = {}) const;
  // w = u W.
  void vjp(std::int64_t rows, const float* u, float* w) const;

 private:
  void pack_f32(const float* weight);
  void pack_bf16(const float* weight);
  void pack_int8(const float* weight);
  void pack_int4(const float* weight);
  // q of every group of kGemvChunk inputs, -most .. most, to put(output, input, q); scales to scale_.
  template <class Put>
  void quantize(const float* weight, float most, const Put& put);

  GemvView view_;
  Activation act_;
  std::vector<float> bias_;
  hwy::AlignedFreeUniquePtr<std::uint16_t[]> bf16_;
  hwy::AlignedFreeUniquePtr<std::int8_t[]> int8_;
  hwy::AlignedFreeUniquePtr<std::uint32_t[]> int4_;
  hwy::AlignedFreeUniquePtr<float[]> f32_;
  hwy::AlignedFreeUniquePtr<float[]> scale_;
};

// W as bf16, rounded to nearest, ties to even; NaN stays NaN.
std::uint16_t to_bf16(float value);
float from_bf16(std::uint16_t bits);

}  // namespace fathom::kernel
