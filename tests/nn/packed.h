// What every packed cell must be: the map's own function and its vjp, row by row.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn_like.h>

#include <gtest/gtest.h>

#include "fathom/tensor/autograd.h"
#include "fathom/tensor/map.h"
#include "tests/support/close.h"

namespace fathom::nn {

template <class T>
std::vector<std::int64_t> samples_of(const tensor::PackedCell<T>& cell) {
  std::vector<std::int64_t> all(cell.samples());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

template <class T>
Tensor evaluate(const tensor::PackedCell<T>& cell, const std::vector<std::int64_t>& samples, const Tensor& y) {
  const Tensor g = at::empty_like(y);
  cell.evaluate(samples, y.data_ptr<T>(), g.data_ptr<T>());
  return g;
}

template <class T>
Tensor pull(const tensor::PackedCell<T>& cell, const std::vector<std::int64_t>& samples, const Tensor& y,
            const Tensor& g, const Tensor& u) {
  const Tensor w = at::empty_like(y);
  cell.vjp(samples, y.data_ptr<T>(), g.data_ptr<T>(), u.data_ptr<T>(), w.data_ptr<T>());
  return w;
}

// |a - b| <= tol of the larger of b's largest entry and `magnitude`, that of the sums that b was made of: where few
// terms cancel, an error is small beside the terms and not beside their sum.
inline testing::AssertionResult close_beside(const Tensor& a, const Tensor& b, const testing_support::Tol& tol,
                                             double magnitude) {
  const double scale = std::max(magnitude, b.abs().max().item<double>());
  const double error = (a - b).abs().max().item<double>();  // NaN fails
  if (a.sizes() == b.sizes() && error <= tol.relative() * scale) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "off by " << error << ", allowed " << tol.relative() * scale;
}

// Value and vjp of the packed cell of `map` at y (B, ...) are those of its callable within `tol`; a subset of the
// samples, in another order, has the bits that they have in the whole batch; w may be u.
//
// `magnitudes`, if given, is the map without its activation and with all its numbers' absolute values: M = its value at
// |y| bounds the terms of act's argument, N = its vjp of |u| those of w. An argument is then off by tol M, act' by tol
// (M
// + 1) as |act''| <= 1, and w by tol (M + 1) N.
template <class T>
void expect_packed_cell(const Map& map, const Tensor& y, const testing_support::Tol& tol,
                        const Map* magnitudes = nullptr) {
  const auto* cell = dynamic_cast<const tensor::PackedCell<T>*>(map.packed<T>());
  ASSERT_NE(cell, nullptr);
  ASSERT_EQ(cell->samples(), y.size(0));
  ASSERT_EQ(cell->width(), y.numel() / y.size(0));
  EXPECT_GT(cell->flops(), 0);
  const std::vector<std::int64_t> all = samples_of(*cell);
  const Tensor u = at::randn_like(y), g = evaluate(*cell, all, y), w = pull(*cell, all, y, g, u);
  const tensor::Linearization line(map, State(y));
  double of_g = 0, of_w = 0;
  if (magnitudes != nullptr) {
    const tensor::Linearization sums(*magnitudes, State(y.abs()));
    of_g = sums.value().only().max().item<double>();
    of_w = (of_g + 1) * sums.vjp(u.abs().flatten(1)).max().item<double>();
  }
  EXPECT_TRUE(close_beside(g, line.value().only(), tol, of_g));
  EXPECT_TRUE(close_beside(w.flatten(1), line.vjp(u.flatten(1)), tol, of_w));
  for (std::int64_t i = y.size(0) - 1; i >= 0; --i) {
    const auto row = [i](const Tensor& x) { return x.narrow(0, i, 1).contiguous(); };
    EXPECT_TRUE(at::equal(evaluate(*cell, {i}, row(y)), row(g))) << "row " << i;
    EXPECT_TRUE(at::equal(pull(*cell, {i}, row(y), row(g), row(u)), row(w))) << "row " << i;
  }
  const std::vector<std::int64_t> reversed(all.rbegin(), all.rend());
  EXPECT_TRUE(at::equal(evaluate(*cell, reversed, y.flip({0}).contiguous()), g.flip({0})));
  const Tensor in_place = u.clone();
  cell->vjp(all, y.data_ptr<T>(), g.data_ptr<T>(), in_place.data_ptr<T>(), in_place.data_ptr<T>());
  EXPECT_TRUE(at::equal(in_place, w));
}

}  // namespace fathom::nn
