#include "fathom/kernel/gemv_rows.h"

#include <algorithm>
#include <type_traits>

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fathom/kernel/gemv_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace fathom::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F = hn::ScalableTag<float>;
using Vector = hn::Vec<F>;

// How a format's weights are read: step() of them at a time from position `at`, as kVectors vectors, and where in an
// arranged row their inputs are. A line is a cache line of one output.
struct Bf16 {
  static constexpr int kVectors = 2;  // even, odd
  static constexpr std::int64_t kLine = 32;
  const std::uint16_t* base;

  explicit Bf16(const GemvView& view) : base(view.bf16) {}
  static std::int64_t step() { return 2 * static_cast<std::int64_t>(hn::Lanes(F())); }  // weights read at a time
  HWY_INLINE void load(std::int64_t at, Vector (&w)[kVectors]) const {
    const hn::Repartition<std::uint32_t, F> pairs;
    const auto both = hn::LoadU(pairs, reinterpret_cast<const std::uint32_t*>(base + at));
    w[0] = hn::BitCast(F(), hn::ShiftLeft<16>(both));
    w[1] = hn::BitCast(F(), hn::And(both, hn::Set(pairs, 0xffff0000u)));
  }
  static HWY_INLINE std::int64_t place(const GemvView& view, std::int64_t input, int v) {
    return input / 2 + v * (view.chunks * kGemvChunk / 2);
  }
};

struct Int8 {
  static constexpr int kVectors = 1;
  static constexpr std::int64_t kLine = 64;
  const std::int8_t* base;

  explicit Int8(const GemvView& view) : base(view.int8) {}
  static std::int64_t step() { return static_cast<std::int64_t>(hn::Lanes(F())); }
  HWY_INLINE void load(std::int64_t at, Vector (&w)[kVectors]) const {
    const hn::Rebind<std::int32_t, F> wide;
    const hn::Rebind<std::int8_t, F> narrow;
    w[0] = hn::ConvertTo(F(), hn::PromoteTo(wide, hn::LoadU(narrow, base + at)));
  }
  static HWY_INLINE std::int64_t place(const GemvView&, std::int64_t input, int) { return input; }
};

struct F32 {
  static constexpr int kVectors = 1;
  static constexpr std::int64_t kLine = 16;
  const float* base;

  explicit F32(const GemvView& view) : base(view.f32) {}
  static std::int64_t step() { return static_cast<std::int64_t>(hn::Lanes(F())); }
  HWY_INLINE void load(std::int64_t at, Vector (&w)[kVectors]) const { w[0] = hn::Load(F(), base + at); }
  static HWY_INLINE std::int64_t place(const GemvView&, std::int64_t input, int) { return input; }
};

// call(first input, where its weights are) for the lines of a chunk. Lines of the four outputs alternate, so that
// memory is read in its order; those of a few chunks ahead are asked for, as the processor's own prefetching ends with
// a page.
template <class Format, class Call>
HWY_INLINE void for_lines(const Format& format, std::int64_t chunk, std::int64_t input, const Call& call) {
  constexpr std::int64_t kAhead = 4096 / sizeof(*format.base);
  constexpr std::int64_t kBlock = kGemvOutputs * Format::kLine;
#pragma GCC unroll 1
  for (std::int64_t line = 0; line < kGemvChunk / Format::kLine; ++line) {
    const std::int64_t at = chunk * kGemvOutputs * kGemvChunk + line * kBlock;
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) hwy::Prefetch(format.base + at + kAhead + q * Format::kLine);
    for (std::int64_t i = 0; i < Format::kLine; i += Format::step()) call(input + line * Format::kLine + i, at + i);
  }
}

// One chunk of a block: sum(r, q) += x(r) w(q).
template <class Format, int kRows>
HWY_INLINE void add_chunk(const Format& format, const GemvView& view, std::int64_t chunk, std::int64_t first,
                          const float* HWY_RESTRICT x, std::int64_t stride, Vector (&sum)[kRows][kGemvOutputs]) {
  constexpr int kVectors = Format::kVectors;
  const F d;
  for_lines(format, chunk, first, [&](std::int64_t input, std::int64_t at) HWY_ATTR {
    Vector w[kGemvOutputs][kVectors];
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) format.load(at + q * Format::kLine, w[q]);
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const float* from = x + Format::place(view, input, v);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const auto value = hn::Load(d, from + r * stride);
#pragma GCC unroll 4
        for (int q = 0; q < kGemvOutputs; ++q) sum[r][q] = hn::MulAdd(value, w[q][v], sum[r][q]);
      }
    }
  });
}

template <int kRows>
HWY_INLINE void clear(Vector (&sum)[kRows][kGemvOutputs]) {
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) sum[r][q] = hn::Zero(F());
  }
}

template <class Format, int kRows>
void block(const GemvView& view, const float* x, std::int64_t b, float* y) {
  const Format format(view);
  const F d;
  const std::int64_t stride = view.chunks * kGemvChunk;
  Vector sum[kRows][kGemvOutputs];
  clear(sum);
  for (std::int64_t c = 0; c < view.chunks; ++c) {
    const std::int64_t chunk = b * view.chunks + c;
    if (view.scale == nullptr) {
      add_chunk<Format>(format, view, chunk, c * kGemvChunk, x, stride, sum);
      continue;
    }
    Vector part[kRows][kGemvOutputs];
    clear(part);
    add_chunk<Format>(format, view, chunk, c * kGemvChunk, x, stride, part);
    const float* scale = view.scale + chunk * kGemvOutputs;
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) {
      const auto s = hn::Set(d, scale[q]);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) sum[r][q] = hn::MulAdd(s, part[r][q], sum[r][q]);
    }
  }
  const std::int64_t count = std::min(kGemvOutputs, view.outputs - b * kGemvOutputs);
  for (int r = 0; r < kRows; ++r) {
    float total[kGemvOutputs];
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) total[q] = hn::GetLane(hn::SumOfLanes(d, sum[r][q]));
    std::copy_n(total, count, y + r * view.outputs + b * kGemvOutputs);
  }
}

// One chunk of the vjp for one block: to(r) += sum_q u(r, q) w(q).
template <class Format, int kRows>
HWY_INLINE void add_outputs(const GemvView& view, std::int64_t b, std::int64_t c, const float* u, std::int64_t stride,
                            float* HWY_RESTRICT to) {
  const Format format(view);
  const F d;
  const std::int64_t chunk = b * view.chunks + c, width = view.chunks * kGemvChunk;
  Vector factor[kRows][kGemvOutputs];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) {
      const float scale = view.scale == nullptr ? 1.0f : view.scale[chunk * kGemvOutputs + q];
      factor[r][q] = hn::Set(d, scale * u[r * stride + b * kGemvOutputs + q]);
    }
  }
  for_lines(format, chunk, c * kGemvChunk, [&](std::int64_t input, std::int64_t from) HWY_ATTR {
    Vector w[kGemvOutputs][Format::kVectors];
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) format.load(from + q * Format::kLine, w[q]);
#pragma GCC unroll 2
    for (int v = 0; v < Format::kVectors; ++v) {
      float* at = to + Format::place(view, input, v);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        auto sum = hn::Load(d, at + r * width);
#pragma GCC unroll 4
        for (int q = 0; q < kGemvOutputs; ++q) sum = hn::MulAdd(factor[r][q], w[q][v], sum);
        hn::Store(sum, d, at + r * width);
      }
    }
  });
}

// The instance for `rows` <= kMost.
template <int kMost, class Call>
HWY_INLINE void with_rows(std::int64_t rows, const Call& call) {
  if constexpr (kMost > 1) {
    if (rows < kMost) return with_rows<kMost - 1>(rows, call);
  }
  call(std::integral_constant<int, kMost>());
}

template <class Format>
void blocks_of(const GemvView& view, std::int64_t rows, const float* x, std::int64_t first, std::int64_t last,
               float* y) {
  with_rows<kGemvRows>(rows, [&](auto count) HWY_ATTR {
    for (std::int64_t b = first; b < last; ++b) block<Format, decltype(count)::value>(view, x, b, y);
  });
}

template <class Format>
void chunks_of(const GemvView& view, std::int64_t rows, const float* u, std::int64_t first, std::int64_t last,
               float* to) {
  const std::int64_t stride = view.blocks * kGemvOutputs;
  with_rows<kGemvRows>(rows, [&](auto count) HWY_ATTR {
    for (std::int64_t b = 0; b < view.blocks; ++b) {
      for (std::int64_t c = first; c < last; ++c)
        add_outputs<Format, decltype(count)::value>(view, b, c, u, stride, to);
    }
  });
}

void blocks(const GemvView& view, std::int64_t rows, const float* x, std::int64_t first, std::int64_t last, float* y) {
  if (view.bf16 != nullptr) return blocks_of<Bf16>(view, rows, x, first, last, y);
  if (view.int8 != nullptr) return blocks_of<Int8>(view, rows, x, first, last, y);
  blocks_of<F32>(view, rows, x, first, last, y);
}

void chunks(const GemvView& view, std::int64_t rows, const float* u, std::int64_t first, std::int64_t last, float* to) {
  if (view.bf16 != nullptr) return chunks_of<Bf16>(view, rows, u, first, last, to);
  if (view.int8 != nullptr) return chunks_of<Int8>(view, rows, u, first, last, to);
  chunks_of<F32>(view, rows, u, first, last, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace fathom::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fathom::kernel {
namespace {

HWY_EXPORT(blocks);
HWY_EXPORT(chunks);

// Where input k stands in an arranged row.
std::int64_t place_of(const GemvView& view, std::int64_t k) {
  return view.bf16 == nullptr ? k : k / 2 + k % 2 * (view.chunks * kGemvChunk / 2);
}

}  // namespace

void gemv_arrange(const GemvView& view, std::int64_t rows, const float* x, float* arranged) {
  const std::int64_t width = view.chunks * kGemvChunk;
  for (std::int64_t r = 0; r < rows; ++r) {
    float* to = arranged + r * width;
    for (std::int64_t k = 0; k < view.inputs; ++k) to[place_of(view, k)] = x[r * view.inputs + k];
    for (std::int64_t k = view.inputs; k < width; ++k) to[place_of(view, k)] = 0;
  }
}

void gemv_restore(const GemvView& view, std::int64_t rows, const float* arranged, float* x) {
  const std::int64_t width = view.chunks * kGemvChunk;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < view.inputs; ++k) x[r * view.inputs + k] = arranged[r * width + place_of(view, k)];
  }
}

void gemv_blocks(const GemvView& view, std::int64_t rows, const float* arranged, std::int64_t first, std::int64_t last,
                 float* y) {
  HWY_DYNAMIC_DISPATCH(blocks)(view, rows, arranged, first, last, y);
}

void gemv_chunks(const GemvView& view, std::int64_t rows, const float* u, std::int64_t first, std::int64_t last,
                 float* arranged) {
  HWY_DYNAMIC_DISPATCH(chunks)(view, rows, u, first, last, arranged);
}

}  // namespace fathom::kernel
#endif  // HWY_ONCE
