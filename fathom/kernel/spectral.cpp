#include "fathom/kernel/spectral.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "fathom/base/error.h"
#include "fathom/kernel/huge_pages.h"
#include "fathom/kernel/scratch.h"

namespace fathom::kernel {
namespace {

constexpr const char* kPlace = "kernel::SpectralConv";
constexpr std::int64_t kSamples = 4;  // mixed at a time, so that weights are read once for all of them

void require_shape(const SpectralShape& s) {
  base::require(s.in >= 1, kPlace, "in", s.in, ">= 1", "a field has channels");
  base::require(s.out >= 1, kPlace, "out", s.out, ">= 1", "a field has channels");
  base::require(s.height >= 1, kPlace, "height", s.height, ">= 1", "a field has rows");
  base::require(s.width >= 1, kPlace, "width", s.width, ">= 1", "a field has columns");
  base::require(s.modes_y >= 1 && 2 * s.modes_y <= s.height, kPlace, "modes_y", s.modes_y,
                fmt::format("1 <= modes_y <= height / 2 = {}", s.height / 2), "keep fewer modes");
  base::require(s.modes_x >= 1 && s.modes_x <= s.width / 2 + 1, kPlace, "modes_x", s.modes_x,
                fmt::format("1 <= modes_x <= width / 2 + 1 = {}", s.width / 2 + 1), "keep fewer modes");
}

// cos and sin of 2 pi k / period, k taken modulo the period while it is exact.
class Wave {
 public:
  explicit Wave(std::int64_t period) : period_(period), cos_(period), sin_(period) {
    for (std::int64_t k = 0; k < period; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(period);
      cos_[k] = std::cos(angle);
      sin_[k] = std::sin(angle);
    }
  }
  double cos(std::int64_t k) const { return cos_[k % period_]; }
  double sin(std::int64_t k) const { return sin_[k % period_]; }

 private:
  std::int64_t period_;
  std::vector<double> cos_, sin_;
};

template <class T>
class TableBuilder {
 public:
  TableBuilder(const SpectralShape& s, SpectralTables<T>& t) : t_(t) {
    t.height = s.height;
    t.width = s.width;
    t.modes_y = s.modes_y;
    t.modes_x = s.modes_x;
    t.lanes = padded<T>(s.modes_x);
    t.even = s.height / 2 + 1;
    t.odd = (s.height - 1) / 2;
  }

  hwy::AlignedFreeUniquePtr<T[]> build() {
    const std::int64_t along_y = (t_.modes_y + 1) * t_.even, odd_y = t_.modes_y * t_.odd;
    const std::int64_t to = PackedView<T>::size(t_.width, 2 * t_.lanes);
    const std::int64_t from = PackedView<T>::size(2 * t_.modes_x, t_.width);
    auto memory = aligned_zeros<T>(to + from + 2 * (along_y + odd_y));
    t_.to_modes = packed_view(memory.get(), t_.width, 2 * t_.lanes);
    t_.from_modes = packed_view(memory.get() + to, 2 * t_.modes_x, t_.width);
    T* at = memory.get() + to + from;
    fill_x();
    fill_y(at, at + along_y, at + along_y + odd_y, at + 2 * along_y + odd_y);
    return memory;
  }

 private:
  void fill_x() {
    const Wave wave(t_.width);
    for (std::int64_t x = 0; x < t_.width; ++x) {
      for (std::int64_t k = 0; k < t_.modes_x; ++k) {
        const auto c = static_cast<T>(wave.cos(k * x)), s = static_cast<T>(wave.sin(k * x));
        t_.to_modes.data[x * t_.to_modes.stride + k] = c;
        t_.to_modes.data[x * t_.to_modes.stride + t_.lanes + k] = s;
        t_.from_modes.data[k * t_.from_modes.stride + x] = c;
        t_.from_modes.data[(t_.modes_x + k) * t_.from_modes.stride + x] = s;
      }
    }
  }

  void fill_y(T* cos_y, T* sin_y, T* y_cos, T* y_sin) {
    const Wave wave(t_.height);
    for (std::int64_t a = 0; a <= t_.modes_y; ++a) {
      for (std::int64_t y = 0; y < t_.even; ++y) {
        cos_y[a * t_.even + y] = y_cos[y * (t_.modes_y + 1) + a] = static_cast<T>(wave.cos(a * y));
      }
      for (std::int64_t y = 1; a > 0 && y <= t_.odd; ++y) {
        sin_y[(a - 1) * t_.odd + y - 1] = y_sin[(y - 1) * t_.modes_y + a - 1] = static_cast<T>(wave.sin(a * y));
      }
    }
    t_.cos_y = cos_y;
    t_.sin_y = sin_y;
    t_.y_cos = y_cos;
    t_.y_sin = y_sin;
  }

  SpectralTables<T>& t_;
};

// How much a mode weighs in irfft2: those between 0 and width / 2 stand for their mirror images too.
double mode_weight(const SpectralShape& s, std::int64_t kx) {
  const double once = 1 / static_cast<double>(s.height * s.width);
  return kx == 0 || 2 * kx == s.width ? once : 2 * once;
}

struct WorkTag;
struct ModesTag;

}  // namespace

template <class T>
SpectralConv<T>::SpectralConv(const SpectralShape& shape) : shape_(shape) {
  require_shape(shape);
  table_memory_ = TableBuilder<T>(shape_, tables_).build();
}

template <class T>
SpectralConv<T>::SpectralConv(const SpectralShape& shape, const T* w1, const T* w2) : SpectralConv(shape) {
  pack(w1, w2);
}

template <class T>
void SpectralConv<T>::pack(const T* w1, const T* w2) {
  const SpectralShape& s = shape_;
  const std::int64_t lanes = tables_.lanes, pairs = s.in * s.out;
  const std::int64_t size = tables_.mode_rows() * pairs * 2 * lanes;
  weights_ = hwy::AllocateAligned<T>(static_cast<std::size_t>(size));
  prefer_huge_pages(weights_.get(), size * sizeof(T));
  const auto scale = aligned_zeros<T>(lanes);
  for (std::int64_t k = 0; k < s.modes_x; ++k) scale[k] = static_cast<T>(mode_weight(s, k));
#pragma omp parallel for schedule(static)
  for (std::int64_t pair = 0; pair < pairs; ++pair) {
    for (std::int64_t r = 0; r < tables_.mode_rows(); ++r) {
      const T* given = r < s.modes_y ? w1 : w2;
      const T* from = given + (pair * s.modes_y + r % s.modes_y) * s.modes_x * 2;
      spectral_pack(s.modes_x, lanes, from, scale.get(), weights_.get() + (r * pairs + pair) * 2 * lanes);
    }
  }
}

template <class T>
std::int64_t SpectralConv<T>::mode_count(std::int64_t channels) const {
  return tables_.mode_count(channels);
}

template <class T>
SpectralMix<T> SpectralConv<T>::mix(bool adjoint) const {
  const std::int64_t pair = 2 * tables_.lanes, row = shape_.in * shape_.out * pair;
  if (adjoint) {
    return {tables_.mode_rows(), tables_.lanes, shape_.out, shape_.in, weights_.get(), row, pair,
            shape_.out * pair,   true};
  }
  return {tables_.mode_rows(), tables_.lanes, shape_.in, shape_.out, weights_.get(), row,
          shape_.out * pair,   pair,          false};
}

template <class T>
void SpectralConv<T>::apply(const SpectralMix<T>& mix, std::int64_t n, const T* from, T* to, T* modes) const {
  const std::int64_t field = shape_.height * shape_.width;
  const std::int64_t from_modes = mode_count(mix.from), to_modes = mode_count(mix.to);
  const std::int64_t groups = (n + kSamples - 1) / kSamples;
#pragma omp parallel for schedule(static) if (groups > 1)
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t first = group * kSamples, count = std::min(kSamples, n - first);
    T* work = scratch<T, WorkTag>(spectral_scratch_size(tables_));
    T* mixed = scratch<T, ModesTag>(kSamples * (from_modes + to_modes));
    T* found = modes == nullptr ? mixed + kSamples * to_modes : modes + first * from_modes;
    for (std::int64_t i = 0; i < count; ++i) {
      spectral_analyse(tables_, mix.from, from + (first + i) * mix.from * field, work, found + i * from_modes);
    }
    spectral_mix(mix, count, found, mixed);
    for (std::int64_t i = 0; i < count; ++i) {
      spectral_synthesise(tables_, mix.to, mixed + i * to_modes, work, to + (first + i) * mix.to * field);
    }
  }
}

template <class T>
void SpectralConv<T>::forward(std::int64_t n, const T* x, T* y, T* modes) const {
  apply(mix(false), n, x, y, modes);
}

template <class T>
void SpectralConv<T>::vjp(std::int64_t n, const T* g, T* dx, T* modes) const {
  apply(mix(true), n, g, dx, modes);
}

template <class T>
void SpectralConv<T>::analyse(std::int64_t n, std::int64_t channels, const T* g, T* modes) const {
  const std::int64_t field = channels * shape_.height * shape_.width;
#pragma omp parallel for schedule(static) if (n > 1)
  for (std::int64_t i = 0; i < n; ++i) {
    T* work = scratch<T, WorkTag>(spectral_scratch_size(tables_));
    spectral_analyse(tables_, channels, g + i * field, work, modes + i * mode_count(channels));
  }
}

template <class T>
void SpectralConv<T>::weight_gradient(std::int64_t n, const T* modes_of_x, const T* modes_of_g, T* dw1, T* dw2) const {
  const SpectralShape& s = shape_;
  const SpectralMix<T> sizes = mix(false);
  const std::int64_t lanes = tables_.lanes, pairs = s.in * s.out;
#pragma omp parallel for schedule(static)
  for (std::int64_t r = 0; r < tables_.mode_rows(); ++r) {
    T* sum = scratch<T, ModesTag>(pairs * 2 * lanes);
    spectral_outer(sizes, r, n, modes_of_x, modes_of_g, sum);
    T* to = r < s.modes_y ? dw1 + r * s.modes_x * 2 : dw2 + (r - s.modes_y) * s.modes_x * 2;
    for (std::int64_t k = 0; k < s.modes_x; ++k) {
      const auto scale = static_cast<T>(mode_weight(s, k));
      for (std::int64_t pair = 0; pair < pairs; ++pair) {
        T* at = to + (pair * s.modes_y * s.modes_x + k) * 2;
        at[0] = sum[pair * 2 * lanes + k] * scale;
        at[1] = sum[pair * 2 * lanes + lanes + k] * scale;
      }
    }
  }
}

template <class T>
double SpectralConv<T>::flops() const {
  const SpectralShape& s = shape_;
  const auto rows = static_cast<double>(2 * s.modes_y + 1), fields = static_cast<double>(s.in + s.out);
  const auto height = static_cast<double>(s.height), width = static_cast<double>(s.width);
  const auto modes_x = static_cast<double>(s.modes_x), modes = static_cast<double>(2 * s.modes_y * s.modes_x);
  return fields * rows * width * (height + 4 * modes_x) + 8 * static_cast<double>(s.in * s.out) * modes;
}

template class SpectralConv<float>;
template class SpectralConv<double>;

}  // namespace fathom::kernel
