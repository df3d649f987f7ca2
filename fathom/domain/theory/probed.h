// The points at which a target is looked at, and the pairs over which Lipschitz constants are taken.
//
// In one variable the points of an interval crowd geometrically towards its poles and the pairs are the neighbours,
// also across a pole: no other pair of the points has a greater ratio |dy| / |dx|. In several variables a curve towards
// the singular set is drawn upon, neighbours on it are pairs, and random points each have a near one in a random
// direction.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/tensor/tensor.h"

namespace fathom::theory {

struct Probed {
  Tensor x;                          // (N, d) float64
  Tensor from, to;                   // (P) int64: pairs of rows
  std::vector<double> place;         // where on the drawn curve its points lie, ascending; the first rows of x
  std::vector<std::int64_t> breaks;  // rows of the curve after which a pole lies

  std::int64_t points() const { return x.size(0); }
  std::int64_t drawn() const { return static_cast<std::int64_t>(place.size()); }
};

// [low, high] without `margin` about each pole, `points` in all, at least 4 between two poles. Poles outside are
// ignored. Errors (UsageError): nothing is left between two poles.
Probed probe_interval(double low, double high, const std::vector<double>& poles, double margin, std::int64_t points);

// margin <= ||x|| <= 1 in the plane: the curve is a ray. Seeded.
Probed probe_disc(double margin, std::int64_t points, std::uint64_t seed);

// 2 x 2 matrices (rows a11 a12 a21 a22) with singular values in [margin, 1], the greater at least 1/2: the curve is
// Q diag(1, s) R with rotations Q, R. Seeded.
Probed probe_matrices(double margin, std::int64_t points, std::uint64_t seed);

// The greatest ||y_to - y_from|| / ||x_to - x_from|| over the pairs; y (N, n).
double lipschitz(const Probed& probed, const Tensor& y);

// |x_to - x_from| of the pairs, (P).
std::vector<double> lengths(const Probed& probed);

}  // namespace fathom::theory
