#include "fathom/kernel/gemv_rows.h"

#include <algorithm>
#include <type_traits>

// A lambda that is left as a function of its own keeps the sums of its caller in memory.
#ifndef GEMV_LAMBDA
#define GEMV_LAMBDA HWY_ATTR __attribute__((always_inline))
#endif

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

// How a format's weights are read: read() takes step() of them from position `at`, vector<v>() makes floats of the v-th
// part of those, and place() says where in an arranged row its inputs are. A line is a cache line of one output.
// factor<v>() is what arranged inputs are multiplied with: vector<v>(), or what is cheaper and comes to the same with
// the sums starting at start().
template <class Format>
struct ExactFactors {
  template <int v, class Words>
  static HWY_INLINE Vector factor(Words words) {
    return Format::template vector<v>(words);
  }
  static HWY_INLINE Vector start(const GemvView&, const float*, std::int64_t) { return hn::Zero(F()); }
};

struct Bf16 : ExactFactors<Bf16> {
  static constexpr int kVectors = 2;  // even, odd
  static constexpr std::int64_t kLine = 32;
  using Words = hn::Repartition<std::uint32_t, F>;
  const std::uint16_t* base;

  explicit Bf16(const GemvView& view) : base(view.bf16) {}
  static std::int64_t step() { return 2 * static_cast<std::int64_t>(hn::Lanes(F())); }
  HWY_INLINE const void* address(std::int64_t at) const { return base + at; }
  HWY_INLINE hn::Vec<Words> read(std::int64_t at) const {
    return hn::LoadU(Words(), reinterpret_cast<const std::uint32_t*>(base + at));
  }
  template <int v>
  static HWY_INLINE Vector vector(hn::Vec<Words> both) {
    if constexpr (v == 0) return hn::BitCast(F(), hn::ShiftLeft<16>(both));
    return hn::BitCast(F(), hn::And(both, hn::Set(Words(), 0xffff0000u)));
  }
  static HWY_INLINE std::int64_t place(const GemvView& view, std::int64_t input, int v) {
    return input / 2 + v * (view.chunks * kGemvChunk / 2);
  }
};

struct Int8 : ExactFactors<Int8> {
  static constexpr int kVectors = 1;
  static constexpr std::int64_t kLine = 64;
  using Wide = hn::Rebind<std::int32_t, F>;
  const std::int8_t* base;

  explicit Int8(const GemvView& view) : base(view.int8) {}
  static std::int64_t step() { return static_cast<std::int64_t>(hn::Lanes(F())); }
  HWY_INLINE const void* address(std::int64_t at) const { return base + at; }
  HWY_INLINE hn::Vec<Wide> read(std::int64_t at) const {
    return hn::PromoteTo(Wide(), hn::LoadU(hn::Rebind<std::int8_t, F>(), base + at));
  }
  template <int v>
  static HWY_INLINE Vector vector(hn::Vec<Wide> whole) {
    return hn::ConvertTo(F(), whole);
  }
  static HWY_INLINE std::int64_t place(const GemvView&, std::int64_t input, int) { return input; }
};

// A word holds q + 8 of eight weights. In products four bits stay where they are in a half of a word and become 16^(v %
// 4) (q + 8), a shift less each; arranged inputs are divided by 16^(v % 4), and sums start at -8 times those of the
// inputs.
struct Int4 {
  static constexpr int kVectors = 8;  // one for each four bits of a word
  static constexpr std::int64_t kLine = 128, kWords = kLine / kVectors;
  using Words = hn::Rebind<std::int32_t, F>;
  const std::int32_t* base;

  explicit Int4(const GemvView& view) : base(reinterpret_cast<const std::int32_t*>(view.int4)) {}
  static std::int64_t step() { return kVectors * static_cast<std::int64_t>(hn::Lanes(F())); }
  HWY_INLINE const void* address(std::int64_t at) const { return base + at / kVectors; }
  HWY_INLINE hn::Vec<Words> read(std::int64_t at) const { return hn::LoadU(Words(), base + at / kVectors); }
  template <int v>
  static HWY_INLINE Vector vector(hn::Vec<Words> words) {
    const auto signed_words = hn::Xor(words, hn::Set(Words(), static_cast<std::int32_t>(0x88888888u)));
    return hn::ConvertTo(F(), hn::ShiftRight<28>(hn::ShiftLeft<28 - 4 * v>(signed_words)));
  }
  template <int v>
  static HWY_INLINE Vector factor(hn::Vec<Words> words) {
    const auto bits = hn::Set(Words(), 15 << (4 * (v % 4)));
    if constexpr (v < 4) return hn::ConvertTo(F(), hn::And(words, bits));
    return hn::ConvertTo(F(), hn::And(hn::ShiftRight<16>(words), bits));
  }
  // What the lanes of chunk c begin with, from the end of an arranged row.
  static HWY_INLINE Vector start(const GemvView& view, const float* x, std::int64_t c) {
    const float* from = x + view.chunks * kGemvChunk + c * kWords;
    auto sum = hn::Zero(F());
    for (std::int64_t i = 0; i < kWords; i += static_cast<std::int64_t>(hn::Lanes(F())))
      sum = sum + hn::Load(F(), from + i);
    return sum;
  }
  static HWY_INLINE std::int64_t place(const GemvView&, std::int64_t input, int v) {
    const std::int64_t within = input % kLine;
    return input - within + within / kVectors + v * kWords;
  }
};

struct F32 : ExactFactors<F32> {
  static constexpr int kVectors = 1;
  static constexpr std::int64_t kLine = 16;
  const float* base;

  explicit F32(const GemvView& view) : base(view.f32) {}
  static std::int64_t step() { return static_cast<std::int64_t>(hn::Lanes(F())); }
  HWY_INLINE const void* address(std::int64_t at) const { return base + at; }
  HWY_INLINE Vector read(std::int64_t at) const { return hn::Load(F(), base + at); }
  template <int v>
  static HWY_INLINE Vector vector(Vector numbers) {
    return numbers;
  }
  static HWY_INLINE std::int64_t place(const GemvView&, std::int64_t input, int) { return input; }
};

// call(integral_constant<int, v>) for v = 0 .. kCount - 1.
template <int kCount, class Call>
HWY_INLINE void for_each_vector(const Call& call) {
  if constexpr (kCount > 1) for_each_vector<kCount - 1>(call);
  call(std::integral_constant<int, kCount - 1>());
}

// How far ahead of a product its lines are asked for, as the processor's own prefetching ends with a page. Into the
// second cache, as the first one's few slots for what is under way would be the limit (1.3 to 2 times slower); but a
// product that does next to nothing with a line waits less when it is in the first one (1.1 times).
enum class Ahead { first_cache, second_cache };

// call(first input, where its weights are) for the lines of a chunk. Lines of the four outputs alternate, so that
// memory is read in its order.
template <Ahead ahead, class Format, class Call>
HWY_INLINE void for_lines(const Format& format, std::int64_t chunk, std::int64_t input, const Call& call) {
  constexpr std::int64_t kBlock = kGemvOutputs * Format::kLine;  // 256 bytes
  constexpr std::int64_t kAhead = (ahead == Ahead::first_cache ? 8 : 32) * kBlock;
  constexpr int kLocality = ahead == Ahead::first_cache ? 3 : 2;
#pragma GCC unroll 1
  for (std::int64_t line = 0; line < kGemvChunk / Format::kLine; ++line) {
    const std::int64_t at = chunk * kGemvOutputs * kGemvChunk + line * kBlock;
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q)
      __builtin_prefetch(format.address(at + kAhead + q * Format::kLine), 0, kLocality);
    for (std::int64_t i = 0; i < Format::kLine; i += Format::step()) call(input + line * Format::kLine + i, at + i);
  }
}

// One chunk of a block: sum(r, q) += x(r) w(q).
template <class Format, int kRows>
HWY_INLINE void add_chunk(const Format& format, const GemvView& view, std::int64_t chunk, std::int64_t first,
                          const float* HWY_RESTRICT x, std::int64_t stride, Vector (&sum)[kRows][kGemvOutputs]) {
  constexpr bool kLittleToDo = kRows == 1 && Format::kLine <= 32;
  const F d;
  for_lines<kLittleToDo ? Ahead::first_cache : Ahead::second_cache>(
      format, chunk, first, [&](std::int64_t input, std::int64_t at) GEMV_LAMBDA {
        decltype(format.read(at)) packed[kGemvOutputs];
#pragma GCC unroll 4
        for (int q = 0; q < kGemvOutputs; ++q) packed[q] = format.read(at + q * Format::kLine);
        for_each_vector<Format::kVectors>([&](auto v) GEMV_LAMBDA {
          Vector w[kGemvOutputs];
#pragma GCC unroll 4
          for (int q = 0; q < kGemvOutputs; ++q) w[q] = Format::template factor<decltype(v)::value>(packed[q]);
          const float* from = x + Format::place(view, input, v);
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) {
            const auto value = hn::Load(d, from + r * stride);
#pragma GCC unroll 4
            for (int q = 0; q < kGemvOutputs; ++q) sum[r][q] = hn::MulAdd(value, w[q], sum[r][q]);
          }
        });
      });
}

template <class Format, int kRows>
void block(const GemvView& view, const float* x, std::int64_t b, float* y) {
  const Format format(view);
  const F d;
  const std::int64_t stride = gemv_row(view);
  Vector sum[kRows][kGemvOutputs];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) sum[r][q] = hn::Zero(d);
  }
  for (std::int64_t c = 0; c < view.chunks; ++c) {
    const std::int64_t chunk = b * view.chunks + c;
    if (view.scale == nullptr) {
      add_chunk<Format>(format, view, chunk, c * kGemvChunk, x, stride, sum);
      continue;
    }
    Vector part[kRows][kGemvOutputs];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int q = 0; q < kGemvOutputs; ++q) part[r][q] = Format::start(view, x + r * stride, c);
    }
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
  const std::int64_t chunk = b * view.chunks + c, width = gemv_row(view);
  Vector factor[kRows][kGemvOutputs];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) {
      const float scale = view.scale == nullptr ? 1.0f : view.scale[chunk * kGemvOutputs + q];
      factor[r][q] = hn::Set(d, scale * u[r * stride + b * kGemvOutputs + q]);
    }
  }
  for_lines<Ahead::second_cache>(format, chunk, c * kGemvChunk, [&](std::int64_t input, std::int64_t from) GEMV_LAMBDA {
    decltype(format.read(from)) packed[kGemvOutputs];
#pragma GCC unroll 4
    for (int q = 0; q < kGemvOutputs; ++q) packed[q] = format.read(from + q * Format::kLine);
    for_each_vector<Format::kVectors>([&](auto v) GEMV_LAMBDA {
      Vector w[kGemvOutputs];
#pragma GCC unroll 4
      for (int q = 0; q < kGemvOutputs; ++q) w[q] = Format::template vector<decltype(v)::value>(packed[q]);
      float* at = to + Format::place(view, input, v);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        auto sum = hn::Load(d, at + r * width);
#pragma GCC unroll 4
        for (int q = 0; q < kGemvOutputs; ++q) sum = hn::MulAdd(factor[r][q], w[q], sum);
        hn::Store(sum, d, at + r * width);
      }
    });
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
  if (view.int4 != nullptr) return blocks_of<Int4>(view, rows, x, first, last, y);
  blocks_of<F32>(view, rows, x, first, last, y);
}

void chunks(const GemvView& view, std::int64_t rows, const float* u, std::int64_t first, std::int64_t last, float* to) {
  if (view.bf16 != nullptr) return chunks_of<Bf16>(view, rows, u, first, last, to);
  if (view.int8 != nullptr) return chunks_of<Int8>(view, rows, u, first, last, to);
  if (view.int4 != nullptr) return chunks_of<Int4>(view, rows, u, first, last, to);
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

// int4 (kernel/gemv.h): input k of a chunk meets bits 4 (k / 16) of word k % 16.
constexpr std::int64_t kInt4Words = 16;
constexpr float kInt4Scale[] = {1, 0x1p-4f, 0x1p-8f, 0x1p-12f};

void add_int4_starts(const GemvView& view, float* row) {
  float* start = row + view.chunks * kGemvChunk;
  for (std::int64_t c = 0; c < view.chunks; ++c) {
    float* x = row + c * kGemvChunk;
    for (std::int64_t i = 0; i < kInt4Words; ++i) {
      float sum = 0;
      for (std::int64_t v = 0; v < 8; ++v) {
        sum += x[v * kInt4Words + i];
        x[v * kInt4Words + i] *= kInt4Scale[v % 4];
      }
      start[c * kInt4Words + i] = -8 * sum;
    }
  }
}

}  // namespace

std::int64_t gemv_row(const GemvView& view) {
  return view.chunks * (kGemvChunk + (view.int4 != nullptr ? kInt4Words : 0));
}

void gemv_arrange(const GemvView& view, std::int64_t rows, const float* x, float* arranged) {
  const std::int64_t padded = view.chunks * kGemvChunk;
  for (std::int64_t r = 0; r < rows; ++r) {
    float* to = arranged + r * gemv_row(view);
    for (std::int64_t k = 0; k < view.inputs; ++k) to[place_of(view, k)] = x[r * view.inputs + k];
    for (std::int64_t k = view.inputs; k < padded; ++k) to[place_of(view, k)] = 0;
    if (view.int4 != nullptr) add_int4_starts(view, to);
  }
}

void gemv_restore(const GemvView& view, std::int64_t rows, const float* arranged, float* x) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* from = arranged + r * gemv_row(view);
    for (std::int64_t k = 0; k < view.inputs; ++k) x[r * view.inputs + k] = from[place_of(view, k)];
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
