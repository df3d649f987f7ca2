// Attention, RMS norm and rotary embedding of rows against plain sums in double.
#include "fathom/kernel/attention.h"

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>
#include <omp.h>

#include "fathom/base/seed.h"
#include "fathom/kernel/rms_norm.h"
#include "fathom/kernel/rotary.h"
#include "tests/kernel/instruction_sets.h"

namespace fathom::kernel {
namespace {

constexpr double kUnit = 0x1p-24;

std::vector<float> normals(std::int64_t count, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(random.normal());
  return x;
}

struct Seen {
  std::int64_t heads, dim;
  std::vector<std::int64_t> index;
  std::vector<float> keys, values, q;

  Seen(std::int64_t h, std::int64_t d, std::vector<std::int64_t> rows) : heads(h), dim(d), index(std::move(rows)) {
    const std::int64_t count = *std::max_element(index.begin(), index.end()) + 1;
    keys = normals(count * h * d, 1);
    values = normals(count * h * d, 2);
    q = normals(h * d, 3);
  }
  std::vector<float> attend() const {
    std::vector<float> scores(heads * index.size()), out(heads * dim + 1, -77);
    kernel::attend({keys.data(), values.data(), heads, dim, index}, q.data(), scores.data(), out.data());
    return out;
  }
};

double score(const Seen& at, std::int64_t h, std::int64_t row, double& magnitude) {
  double sum = 0;
  for (std::int64_t i = h * at.dim; i < (h + 1) * at.dim; ++i) {
    const double term = double{at.q[i]} * double{at.keys[row * at.heads * at.dim + i]};
    sum += term;
    magnitude += std::abs(term);
  }
  return sum / std::sqrt(static_cast<double>(at.dim));
}

void expect_attention(const Seen& at) {
  const std::vector<float> out = at.attend();
  const auto n = static_cast<double>(at.index.size());
  for (std::int64_t h = 0; h < at.heads; ++h) {
    std::vector<double> p;
    double total = 0, score_error = 0;
    for (const std::int64_t row : at.index) {
      double magnitude = 0;
      p.push_back(std::exp(score(at, h, row, magnitude)));
      total += p.back();
      const double d = static_cast<double>(at.dim);
      score_error = std::max(score_error, (d / 8 + 16) * kUnit * magnitude / std::sqrt(d));
    }
    for (std::int64_t i = h * at.dim; i < (h + 1) * at.dim; ++i) {
      double sum = 0, size = 0;
      for (std::size_t j = 0; j < at.index.size(); ++j) {
        const double term = p[j] / total * double{at.values[at.index[j] * at.heads * at.dim + i]};
        sum += term;
        size += std::abs(term);
      }
      // A score's error e changes every p by at most the factor e^2e.
      ASSERT_NEAR(out[i], sum, (2 * score_error + (2 * n + 12) * kUnit) * size) << "head " << h << " channel " << i;
    }
  }
  EXPECT_EQ(out.back(), -77) << "wrote beyond the end";
}

TEST(Attention, EqualsThePlainSoftmaxAtEverySize) {
  on_every_instruction_set([] {
    for (std::int64_t dim = 1; dim <= 40; ++dim) expect_attention({3, dim, {0, 2, 1}});
    for (std::int64_t count = 1; count <= 40; ++count) {
      std::vector<std::int64_t> index(count);
      std::iota(index.begin(), index.end(), 0);
      expect_attention({2, 12, index});
    }
    expect_attention({55, 96, {7, 3, 9}});
  });
}

TEST(Attention, SameBitsForAnyNumberOfThreads) {
  std::vector<std::int64_t> index(60);
  std::iota(index.begin(), index.end(), 0);
  const Seen at(55, 96, index);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const std::vector<float> one = at.attend();
  omp_set_num_threads(3);
  EXPECT_EQ(at.attend(), one);
  omp_set_num_threads(threads);
}

TEST(Attention, LargeScoresDoNotOverflow) {
  Seen at(1, 4, {0, 1});
  at.q = {300, 0, 0, 0};
  at.keys = {300, 0, 0, 0, -300, 0, 0, 0};
  const std::vector<float> out = at.attend();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(out[i], at.values[i]);
}

void expect_norm(std::int64_t rows, std::int64_t width, bool with_addend) {
  const std::vector<float> x = normals(rows * width, 4), r = normals(rows * width, 5), w = normals(width, 6);
  std::vector<float> y(rows * width + 1, -77);
  rms_norm(rows, width, x.data(), with_addend ? r.data() : nullptr, w.data(), 1e-6f, y.data());
  for (std::int64_t i = 0; i < rows; ++i) {
    std::vector<double> s(width);
    double square = 0;
    for (std::int64_t k = 0; k < width; ++k) {
      s[k] = with_addend ? x[i * width + k] + r[i * width + k] : x[i * width + k];
      square += s[k] * s[k];
    }
    const double scale = 1 / std::sqrt(square / static_cast<double>(width) + double{1e-6f});
    for (std::int64_t k = 0; k < width; ++k) {
      const double exact = s[k] * scale * double{w[k]};
      ASSERT_NEAR(y[i * width + k], exact, (static_cast<double>(width) + 6) * kUnit * std::abs(exact)) << width;
    }
  }
  EXPECT_EQ(y.back(), -77) << "wrote beyond the end";
}

TEST(RmsNormKernel, EqualsThePlainSumAtEverySize) {
  on_every_instruction_set([] {
    for (std::int64_t width = 1; width <= 70; ++width) {
      expect_norm(2, width, false);
      expect_norm(1, width, true);
    }
  });
}

TEST(RmsNormKernel, WorksInPlace) {
  std::vector<float> x = normals(37, 7);
  const std::vector<float> w = normals(37, 8);
  std::vector<float> y(37);
  rms_norm(1, 37, x.data(), nullptr, w.data(), 1e-6f, y.data());
  rms_norm(1, 37, x.data(), nullptr, w.data(), 1e-6f, x.data());
  EXPECT_EQ(x, y);
}

TEST(RotaryKernel, TurnsThePairsOfBothLayouts) {
  const std::vector<float> cos = {0.6f, -1, 0}, sin = {0.8f, 0, 1}, x = normals(12, 9);
  std::vector<float> near = x, far = x;
  rotate_neighbours(2, 6, cos.data(), sin.data(), near.data());
  rotate_halves(2, 6, cos.data(), sin.data(), far.data());
  for (int h = 0; h < 12; h += 6) {
    for (int i = 0; i < 3; ++i) {
      const float a = x[h + 2 * i], b = x[h + 2 * i + 1], c = x[h + i], e = x[h + i + 3];
      EXPECT_FLOAT_EQ(near[h + 2 * i], a * cos[i] - b * sin[i]);
      EXPECT_FLOAT_EQ(near[h + 2 * i + 1], b * cos[i] + a * sin[i]);
      EXPECT_FLOAT_EQ(far[h + i], c * cos[i] - e * sin[i]);
      EXPECT_FLOAT_EQ(far[h + i + 3], e * cos[i] + c * sin[i]);
    }
  }
}

}  // namespace
}  // namespace fathom::kernel
