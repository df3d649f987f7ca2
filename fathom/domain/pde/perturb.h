// Sine waves pushed through the linearised equation: a small change of the steady flow and the change of the forcing
// that would make it. Their quotient is what a network that has learnt the solution operator should show.
//
//   dw = c sin(k (x + y)),   curl df = u.grad dw + u(dw).grad w - nu lap dw,   df = (phi_y, -phi_x), -lap phi = curl df
//
// physical   on the data's own units and viscosity; k = max(1, [share K]) with K the largest wave of the band that the
//            flows live in (flow.h); every flow's dw has the same norm, that of the grid's numbers.
// paper      what the original computed: in normalised units, on the grid [0, 2 pi] with both ends, with the norm taken
//            over the whole batch, nu = 0.01, u = (psi_y, -psi_x) from lap psi = w, and df = (0, d_x^-1 curl df) where
//            k_x != 0.  It is the physical one in neither sign nor size; it is kept to compare with.
#pragma once

#include <cstdint>
#include <vector>

#include "fathom/domain/pde/flow.h"
#include "fathom/tensor/tensor.h"

namespace fathom::pde {

struct Perturbation {
  Tensor forcing;    // df (N, 2, H, W)
  Tensor vorticity;  // dw (N, H, W)
};

// Distinct waves k of the shares of the largest wave, ascending.
std::vector<std::int64_t> waves_of(const std::vector<double>& shares, std::int64_t largest);

// vorticity (N, H, H), the flows that are perturbed, in float64 within.
Perturbation perturb(const Flow& flow, const Tensor& vorticity, double viscosity, std::int64_t wave, double size);

Perturbation paper_perturb(const Tensor& vorticity, double viscosity, std::int64_t wave, double size);

}  // namespace fathom::pde
