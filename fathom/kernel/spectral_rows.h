// One sample's share of spectral.h: its transforms, the mixing of a few samples, and the sums of a weight gradient.
#pragma once

#include <cstdint>

#include "fathom/kernel/packed.h"

namespace fathom::kernel {

struct SpectralShape {
  std::int64_t in = 1, out = 1;
  std::int64_t height = 1, width = 1;
  std::int64_t modes_y = 1, modes_x = 1;
};

// The modes of a field are held by rows: row r < modes_y is ky = r, row 2 modes_y - a is ky = -a; a row holds for every
// channel `lanes` real parts, then `lanes` imaginary parts, the modes kx = 0, 1, ... padded with zeros.
template <class T>
struct SpectralTables {
  std::int64_t height = 0, width = 0, modes_y = 0, modes_x = 0;
  std::int64_t lanes = 0;          // padded<T>(modes_x)
  std::int64_t even = 0, odd = 0;  // rows 0 .. height/2 and rows 1 .. (height-1)/2 of the folded field
  const T* cos_y = nullptr;        // (modes_y + 1, even)
  const T* sin_y = nullptr;        // (modes_y, odd): a = 1 .. modes_y, y = 1 .. odd
  const T* y_cos = nullptr;        // (even, modes_y + 1): the transpose of cos_y
  const T* y_sin = nullptr;        // (odd, modes_y)
  PackedView<T> to_modes;          // width -> 2 lanes: cos(kx x) | sin(kx x)
  PackedView<T> from_modes;        // 2 modes_x -> width, its transpose

  std::int64_t mode_rows() const { return 2 * modes_y; }
  std::int64_t mode_count(std::int64_t channels) const { return mode_rows() * channels * 2 * lanes; }
};

// Numbers of aligned working memory for the functions below.
template <class T>
std::int64_t spectral_scratch_size(const SpectralTables<T>& tables);

// modes = the kept modes of x (channels, height, width).
template <class T>
void spectral_analyse(const SpectralTables<T>& tables, std::int64_t channels, const T* x, T* scratch, T* modes);

// y(c, y, x) = sum of Re(modes e^{i (ky y + kx x)}) over the kept modes: the transpose of spectral_analyse.
template <class T>
void spectral_synthesise(const SpectralTables<T>& tables, std::int64_t channels, const T* modes, T* scratch, T* y);

// to(r, q) = sum_p from(r, p) w(r, p, q), w at weights + r row + p p_step + q q_step; with w conjugate if `adjoint`.
template <class T>
struct SpectralMix {
  std::int64_t rows = 0, lanes = 0;
  std::int64_t from = 0, to = 0;  // channels
  const T* weights = nullptr;
  std::int64_t row = 0, from_step = 0, to_step = 0;
  bool adjoint = false;
};

// to = `count` complex numbers times `scale`: `lanes` real parts, then as many imaginary parts, zeros behind.
template <class T>
void spectral_pack(std::int64_t count, std::int64_t lanes, const T* from, const T* scale, T* to);

// `samples` sets of modes, each behind the other.
template <class T>
void spectral_mix(const SpectralMix<T>& mix, std::int64_t samples, const T* from, T* to);

// sum(p, q) = sum_n conj(from_n(r, p)) to_n(r, q): 2 lanes numbers each, for one row r of modes.
template <class T>
void spectral_outer(const SpectralMix<T>& mix, std::int64_t r, std::int64_t samples, const T* from, const T* to,
                    T* sum);

}  // namespace fathom::kernel
