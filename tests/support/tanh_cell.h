// y -> tanh(W y + x) as a packed cell in plain loops, and as a map that carries it.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "fathom/tensor/map.h"

namespace fathom::testing_support {

template <class T>
class TanhCell final : public tensor::PackedCell<T> {
 public:
  TanhCell(const Tensor& weight, const Tensor& input) : weight_(weight.contiguous()), input_(input.contiguous()) {}

  std::int64_t samples() const override { return input_.size(0); }
  std::int64_t width() const override { return input_.size(1); }
  double flops() const override { return 2.0 * static_cast<double>(width() * width()); }

  void evaluate(std::span<const std::int64_t> samples, const T* y, T* g) const override {
    const std::int64_t d = width();
    const T* W = weight_.data_ptr<T>();
    for (std::size_t row = 0; row < samples.size(); ++row, y += d, g += d) {
      const T* x = input_.data_ptr<T>() + samples[row] * d;
      for (std::int64_t i = 0; i < d; ++i) {
        T sum = x[i];
        for (std::int64_t j = 0; j < d; ++j) sum += W[i * d + j] * y[j];
        g[i] = std::tanh(sum);
      }
    }
  }

  void vjp(std::span<const std::int64_t> samples, const T*, const T* g, const T* u, T* w) const override {
    const std::int64_t d = width();
    const T* W = weight_.data_ptr<T>();
    std::vector<T> sum(static_cast<std::size_t>(d));
    for (std::size_t row = 0; row < samples.size(); ++row, g += d, u += d, w += d) {
      std::fill(sum.begin(), sum.end(), T{0});
      for (std::int64_t i = 0; i < d; ++i) {
        for (std::int64_t j = 0; j < d; ++j) sum[j] += u[i] * (1 - g[i] * g[i]) * W[i * d + j];
      }
      std::copy(sum.begin(), sum.end(), w);
    }
  }

 private:
  Tensor weight_, input_;
};

inline Map tanh_map(const Tensor& weight, const Tensor& input) {
  return Map([weight, input](const Tensor& y, const Rows& rows) {
    return at::tanh(at::addmm(rows.of(input), y, weight.t()));
  });
}

template <class T>
Map packed_tanh_map(const Tensor& weight, const Tensor& input) {
  return tanh_map(weight, input).packed_as<T>(std::make_shared<TanhCell<T>>(weight.detach(), input.detach()));
}

}  // namespace fathom::testing_support
