// What dG/dy does near a point: its spectral radius and its largest singular value, for every row of the batch.
//
//   spectral_radius  max |lambda|: below 1, the plain iteration converges near y, at that rate
//   sigma_max        ||dG/dy||_2: below 1, G contracts there; never below the spectral radius
//
// Rows must be independent (row b of G(y) depends on row b of y): the Jacobian is then one block a row. A row's
// numbers do not depend on its batch-mates. Cost: one taped G, and for each step one J v (about four evaluations of
// G), for sigma_max one J'v as well (two).
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/base/fields.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/map.h"

namespace fathom::measure {

struct SpectralOptions {
  double rtol = 1e-3;           // relative to the value found
  std::int64_t max_iter = 200;  // products with J
  std::int64_t restart = 30;    // Arnoldi basis before a restart
  std::int64_t seed = 1;        // of the first vector

  void fields(base::Fields& f) {
    f.add("rtol", rtol, {.above = 0, .below = 1}, "tolerance relative to the value");
    f.add("max_iter", max_iter, {.at_least = 1}, "products with the Jacobian");
    f.add("restart", restart, {.at_least = 2, .at_most = 200}, "Arnoldi basis before a restart");
    f.add("seed", seed, {.at_least = 0}, "seed of the first vector");
  }
  bool operator==(const SpectralOptions&) const = default;
};

struct Spectral {
  std::vector<double> value;     // [b]
  std::vector<double> residual;  // [b] relative: ||J x - lambda x|| / |lambda|, or what sigma is estimated to lack
  std::vector<bool> converged;   // [b] residual <= rtol, or the space was exhausted (the value is then exact)
  std::int64_t products = -1;    // J v taken
};

// max |lambda| by Arnoldi's method, restarted from the dominant Ritz vector; right for complex pairs, where power
// iteration is not (a rotation turns forever).  [Arnoldi1951]; [Saad2011] "Numerical Methods for Large Eigenvalue
// Problems", Alg. 6.2. For a normal J the residual bounds the error; for others it is the error's scale only. NaN in a
// row gives NaN there.
Spectral spectral_radius(const Map& map, const State& y, const SpectralOptions& options = {}, const Rows& rows = {});

// ||J||_2 by power iteration on J'J from below: sigma_k = ||J v_k||, v_{k+1} ~ J'J v_k. Every sigma_k is a lower bound;
// what it lacks is estimated from its last two steps (Aitken).
Spectral sigma_max(const Map& map, const State& y, const SpectralOptions& options = {}, const Rows& rows = {});

// The same of a Jacobian that is taped already, also between different spaces.
Spectral sigma_max(const tensor::Linearization& jacobian, const SpectralOptions& options = {});

}  // namespace fathom::measure
