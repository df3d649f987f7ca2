#include "fathom/kernel/gemv.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include <omp.h>

#include "fathom/base/error.h"
#include "fathom/kernel/gemv_rows.h"
#include "fathom/kernel/huge_pages.h"
#include "fathom/kernel/scratch.h"

namespace fathom::kernel {
namespace {

constexpr const char* kPlace = "kernel::Gemv";

struct InputsTag;
struct OutputsTag;

template <class T>
hwy::AlignedFreeUniquePtr<T[]> huge_zeros(std::int64_t count) {
  auto memory = hwy::AllocateAligned<T>(static_cast<std::size_t>(count));
  prefer_huge_pages(memory.get(), static_cast<std::size_t>(count) * sizeof(T));
  std::fill_n(memory.get(), count, T{0});
  return memory;
}

std::int64_t weights_of(const GemvView& view) { return view.blocks * view.chunks * kGemvOutputs * kGemvChunk; }

// Weights in a cache line.
std::int64_t line_of(const GemvView& view) {
  if (view.f32 != nullptr) return 16;
  if (view.bf16 != nullptr) return 32;
  return view.int8 != nullptr ? 64 : 128;
}

// Where W(output, input) is.
std::int64_t place_of(const GemvView& view, std::int64_t output, std::int64_t input) {
  const std::int64_t line = line_of(view);
  const std::int64_t lines = output / kGemvOutputs * view.chunks * (kGemvChunk / line) + input / line;
  return (lines * kGemvOutputs + output % kGemvOutputs) * line + input % line;
}

// Where the scale of chunk c of an output is.
std::int64_t scale_of(const GemvView& view, std::int64_t output, std::int64_t c) {
  return (output / kGemvOutputs * view.chunks + c) * kGemvOutputs + output % kGemvOutputs;
}

constexpr std::int64_t kInt4Word = 8;  // weights in a word

// Where the four bits of W(output, input) are.
struct Nibble {
  std::int64_t word;
  int shift;
};
Nibble nibble_of(const GemvView& view, std::int64_t output, std::int64_t input) {
  const std::int64_t k = input % kGemvChunk, words = kGemvChunk / kInt4Word;
  return {place_of(view, output, input - k) / kInt4Word + k % words, static_cast<int>(4 * (k / words))};
}

// call(input, where its weight is, how many lie there side by side) for the lines of one output.
template <class Call>
void for_line_pieces(const GemvView& view, std::int64_t output, const Call& call) {
  const std::int64_t line = line_of(view);
  for (std::int64_t k = 0; k < view.inputs; k += line)
    call(k, place_of(view, output, k), std::min(line, view.inputs - k));
}

// work(first row, number of rows) on kGemvRows rows at a time.
template <class Work>
void for_row_tiles(std::int64_t rows, const Work& work) {
  for (std::int64_t r = 0; r < rows; r += kGemvRows) work(r, std::min(kGemvRows, rows - r));
}

}  // namespace

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);  // quiet, or it would become infinity
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float from_bf16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

Gemv::Gemv(WeightFormat format, const float* weight, std::int64_t outputs, std::int64_t inputs, const float* bias,
           Activation act)
    : act_(act) {
  base::require(outputs >= 1, kPlace, "outputs", outputs, ">= 1", "a matrix has rows");
  base::require(inputs >= 1, kPlace, "inputs", inputs, ">= 1", "a matrix has columns");
  view_.outputs = outputs;
  view_.inputs = inputs;
  view_.blocks = (outputs + kGemvOutputs - 1) / kGemvOutputs;
  view_.chunks = (inputs + kGemvChunk - 1) / kGemvChunk;
  if (bias != nullptr) bias_.assign(bias, bias + outputs);
  switch (format) {
    case WeightFormat::bf16:
      pack_bf16(weight);
      break;
    case WeightFormat::int8:
      pack_int8(weight);
      break;
    case WeightFormat::int4:
      pack_int4(weight);
      break;
    case WeightFormat::f32:
      pack_f32(weight);
      break;
  }
}

void Gemv::pack_bf16(const float* weight) {
  bf16_ = huge_zeros<std::uint16_t>(weights_of(view_));
  view_.bf16 = bf16_.get();
#pragma omp parallel for schedule(static)
  for (std::int64_t o = 0; o < view_.outputs; ++o) {
    for_line_pieces(view_, o, [&](std::int64_t k, std::int64_t at, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) bf16_[at + i] = to_bf16(weight[o * view_.inputs + k + i]);
    });
  }
}

void Gemv::pack_f32(const float* weight) {
  f32_ = huge_zeros<float>(weights_of(view_));
  view_.f32 = f32_.get();
#pragma omp parallel for schedule(static)
  for (std::int64_t o = 0; o < view_.outputs; ++o) {
    for_line_pieces(view_, o, [&](std::int64_t k, std::int64_t at, std::int64_t count) {
      std::copy_n(weight + o * view_.inputs + k, count, f32_.get() + at);
    });
  }
}

template <class Put>
void Gemv::quantize(const float* weight, float most, const Put& put) {
  for (std::int64_t i = 0; i < view_.outputs * view_.inputs; ++i)
    base::require(std::isfinite(weight[i]), kPlace, "weight", weight[i], "finite", "whole numbers stand for no other");
  scale_ = huge_zeros<float>(view_.blocks * view_.chunks * kGemvOutputs);
  view_.scale = scale_.get();
#pragma omp parallel for schedule(static)
  for (std::int64_t o = 0; o < view_.outputs; ++o) {
    for (std::int64_t c = 0; c < view_.chunks; ++c) {
      const std::int64_t first = c * kGemvChunk, count = std::min(kGemvChunk, view_.inputs - first);
      const std::span<const float> from(weight + o * view_.inputs + first, static_cast<std::size_t>(count));
      float largest = 0;
      for (const float value : from) largest = std::max(largest, std::abs(value));
      const float scale = largest / most;
      scale_[scale_of(view_, o, c)] = scale;
      for (std::int64_t k = 0; k < count && scale > 0; ++k)
        put(o, first + k, static_cast<int>(std::clamp(std::nearbyint(from[k] / scale), -most, most)));
    }
  }
}

void Gemv::pack_int8(const float* weight) {
  int8_ = huge_zeros<std::int8_t>(weights_of(view_));
  view_.int8 = int8_.get();
  quantize(weight, 127, [&](std::int64_t output, std::int64_t input, int q) {
    int8_[place_of(view_, output, input)] = static_cast<std::int8_t>(q);
  });
}

void Gemv::pack_int4(const float* weight) {
  int4_ = huge_zeros<std::uint32_t>(weights_of(view_) / kInt4Word);
  std::fill_n(int4_.get(), weights_of(view_) / kInt4Word, 0x88888888u);  // all zero
  view_.int4 = int4_.get();
  quantize(weight, 7, [&](std::int64_t output, std::int64_t input, int q) {
    const Nibble at = nibble_of(view_, output, input);
    int4_[at.word] += static_cast<std::uint32_t>(q) << at.shift;  // q + 8 stays within its bits
  });
}

float Gemv::weight(std::int64_t output, std::int64_t input) const {
  const std::int64_t at = place_of(view_, output, input);
  if (view_.f32 != nullptr) return view_.f32[at];
  if (view_.bf16 != nullptr) return from_bf16(view_.bf16[at]);
  const float scale = view_.scale[scale_of(view_, output, input / kGemvChunk)];
  if (view_.int8 != nullptr) return static_cast<float>(view_.int8[at]) * scale;
  const Nibble nibble = nibble_of(view_, output, input);
  const auto biased = static_cast<int>(view_.int4[nibble.word] >> nibble.shift & 15);
  return static_cast<float>(biased - 8) * scale;
}

std::size_t Gemv::bytes() const {
  const auto count = static_cast<std::size_t>(weights_of(view_));
  if (view_.f32 != nullptr) return 4 * count;
  if (view_.bf16 != nullptr) return 2 * count;
  const std::size_t scales = sizeof(float) * static_cast<std::size_t>(view_.blocks * view_.chunks * kGemvOutputs);
  return (view_.int8 != nullptr ? count : count / 2) + scales;
}

void Gemv::argument(std::int64_t rows, const float* x, float* y, const GemvAddend& addend) const {
  const std::int64_t width = gemv_row(view_);
  float* arranged = scratch<float, InputsTag>(rows * width);
  gemv_arrange(view_, rows, x, arranged);
  constexpr std::int64_t kBlocks = 8;  // that all rows pass while they are in the cache
  const std::int64_t groups = (view_.blocks + kBlocks - 1) / kBlocks;
#pragma omp parallel for schedule(static) if (groups > 1)
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t first = group * kBlocks, last = std::min(view_.blocks, first + kBlocks);
    for_row_tiles(rows, [&](std::int64_t r, std::int64_t count) {
      gemv_blocks(view_, count, arranged + r * width, first, last, y + r * view_.outputs);
    });
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    float* to = y + r * view_.outputs;
    const std::int64_t sample = addend.sample == nullptr ? r : addend.sample[r];
    const float* c = addend.c == nullptr ? nullptr : addend.c + sample * view_.outputs;
    for (std::int64_t o = 0; !bias_.empty() && o < view_.outputs; ++o) to[o] += bias_[o];
    for (std::int64_t o = 0; c != nullptr && o < view_.outputs; ++o) to[o] += c[o];
  }
}

void Gemv::evaluate(std::int64_t rows, const float* x, float* y, const GemvAddend& addend) const {
  argument(rows, x, y, addend);
  if (act_ == Activation::identity) return;
  activate<float>(act_, {y, static_cast<std::size_t>(rows * view_.outputs)}, y);
}

void Gemv::vjp(std::int64_t rows, const float* u, float* w) const {
  const std::int64_t width = gemv_row(view_), padded_outputs = view_.blocks * kGemvOutputs;
  float* arranged = scratch<float, InputsTag>(rows * width);
  float* outputs = scratch<float, OutputsTag>(rows * padded_outputs);
  std::fill_n(arranged, rows * width, 0.0f);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::copy_n(u + r * view_.outputs, view_.outputs, outputs + r * padded_outputs);
    std::fill(outputs + r * padded_outputs + view_.outputs, outputs + (r + 1) * padded_outputs, 0.0f);
  }
  // A thread reads the weights of its inputs only: long pieces of every block. A sum is one thread's, whatever the
  // split.
  const std::int64_t groups = std::min<std::int64_t>(view_.chunks, omp_in_parallel() ? 1 : omp_get_max_threads());
  const std::int64_t each = (view_.chunks + groups - 1) / groups;
#pragma omp parallel for schedule(static) if (groups > 1)
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t first = group * each, last = std::min(view_.chunks, first + each);
    for_row_tiles(rows, [&](std::int64_t r, std::int64_t count) {
      gemv_chunks(view_, count, outputs + r * padded_outputs, first, last, arranged + r * width);
    });
  }
  gemv_restore(view_, rows, arranged, w);
}

}  // namespace fathom::kernel
