// What may be added to a loss so that the map stays easy to solve, and so that early iterates are right too.
//
//   loss + 0.1 * jacobian_norm(G, e.y).mean()                         ||J||_F^2 is small: J contracts in the mean
//   loss + relu(spectral_norm(G, e.y) - 0.9).mean()                   ||J||_2 <= 0.9: J contracts
//   for (auto& s : supervised(G, y0, {2, 4, 8})) loss += s.weight * loss_of(s.y)
//
// All are differentiable with respect to whatever G captured, and with respect to y where y has a graph (detach it to
// leave that part out); outside grad mode they are plain numbers. Rows must be independent.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/tensor/map.h"

namespace fathom::diff {

// An unbiased estimate of ||dG/dy||_F^2 for every row, (B): the mean over `samples` of ||e'J||^2, e ~ N(0, I).
//   [Hutchinson1990]; as a regulariser of equilibrium models [Bai2021] arXiv:2106.14342
// Variance 2 ||J J'||_F^2 / samples <= 2 ||J||_F^4 / samples. Draws from libtorch's generator. Cost: one taped G and
// `samples` vjps, which are themselves recorded.
// Errors (fathom::Error): samples < 1.
Tensor jacobian_norm(const Map& map, const State& y, std::int64_t samples = 1, const Rows& rows = {});

struct SpectralPenalty {
  std::int64_t products = 10;  // steps of the power iteration, not recorded
  std::int64_t seed = 1;       // of its first vector

  void fields(base::Fields& f) {
    f.add("products", products, {.at_least = 1}, "steps of the power iteration on J'J");
    f.add("seed", seed, {.at_least = 0}, "seed of its first vector");
  }
  bool operator==(const SpectralPenalty&) const = default;
};

// ||dG/dy||_2 for every row, (B), from below: u'J w with w and u = J w / ||J w|| by power iteration on J'J. The
// spectral radius is never above the norm. Its derivative takes u and w as constants, which is exact at the singular
// vectors (d sigma = u' dJ w, sigma simple). [Miyato2018] arXiv:1802.05957 does the same for weights. A row with J w =
// 0 is 0. Cost: `products` J v and J'v, one taped G and one recorded vjp.
Tensor spectral_norm(const Map& map, const State& y, const SpectralPenalty& options = {}, const Rows& rows = {});

// An iterate with a graph, and the weight that its loss should have.
struct Supervised {
  State y;
  std::int64_t t = 0;
  double weight = 1;
};

// Fixed-point correction: the plain iterates y_t of y0 at the steps `at`, each with its last `recorded` steps on a
// graph of its own and weight discount^(number of later ones).  [BaiGeng2022] arXiv:2204.08442, sec. 3.2 Cost: max(at)
// + at.size() * recorded evaluations of G, the latter taped. Errors (fathom::Error): `at` empty, not ascending or below
// 1; recorded < 1; discount outside (0, 1].
std::vector<Supervised> supervised(const Map& map, const State& y0, const std::vector<std::int64_t>& at,
                                   std::int64_t recorded = 1, double discount = 0.8);

}  // namespace fathom::diff
