// The operators of steady, incompressible, two-dimensional flow on the periodic square [0, 2 pi)^2.
//
//   points 2 pi i / N, axis 0 = x, axis 1 = y;   -lap psi = w,  u = psi_y,  v = -psi_x,  w = v_x - u_y  (all means
//   zero) u.grad w - nu lap w = curl f,                curl f = d_x f2 - d_y f1
//
// Fields of the band |kx|, |ky| <= K < N/3 are kept as coefficients C (M, M), M = 2K + 1, in the orthonormal real basis
//   b_0 = sqrt(1/N),  b_{2k-1} = sqrt(2/N) cos k x,  b_{2k} = sqrt(2/N) sin k x:      field = F C F',  C = F' field F
// so that ||C|| = ||field||, -lap is the diagonal kx^2 + ky^2, and a derivative exchanges F (N, M) for its slope D.
// Products of two fields of the band, taken on the grid and cut to the band, are free of aliasing (the 2/3 rule,
// [Orszag1971]). Convection is formed from two products instead of the four fields u, v, w_x, w_y [Basdevant1983]:
//   u.grad w = (d_xx - d_yy)(u v) + d_xy (v^2 - u^2)
//
// Method   products with F and D (kernel/dense.h): K is small, and such products beat fast transforms at the sizes of
//          the studies (docs/studies/pde.md). One convection: two fields out, two in, about 4 N M (N + M)
//          multiply-adds.
// Plain memory, row-major, double. Members may be called from several threads.
// Errors (fathom::Error): a grid below 4.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fathom/kernel/dense.h"

namespace fathom::pde {

class Flow {
 public:
  explicit Flow(std::int64_t grid);

  std::int64_t grid() const { return n_; }                                // N
  std::int64_t waves() const { return k_; }                               // K, the largest integer below N/3
  std::int64_t width() const { return 2 * k_ + 1; }                       // M
  std::int64_t modes() const { return width() * width(); }                // numbers in C
  double wave(std::int64_t i) const { return wave_[i]; }                  // |k| of basis function i
  const std::vector<double>& minus_laplacian() const { return square_; }  // kx^2 + ky^2 of every coefficient

  void analyse(const double* field, double* modes) const;     // C = F' field F: the field cut to the band
  void synthesise(const double* modes, double* field) const;  // F C F'

  // C of the derivative along x (axis 0) or y (axis 1). `to` apart from `modes`.
  void derivative(const double* modes, int axis, double* to) const;

  // C of d_x f2 - d_y f1, cut to the band; the force itself may hold any frequencies.
  void curl(const double* f1, const double* f2, double* modes) const;

  // A velocity on the grid, transposed: u[y * N + x].
  struct Velocity {
    std::vector<double> u, v;
  };
  void velocity(const double* vorticity, Velocity& to) const;

  void convection(const double* vorticity, double* modes) const;  // C of u.grad w
  // C of its derivative in the direction d, u.grad d + u(d).grad w, at the vorticity whose velocity is `at`.
  void convection_slope(const Velocity& at, const double* d, double* modes) const;

  // C of u.grad w - nu lap w - curl f, the residual of the steady equation.
  void residual(const double* vorticity, const double* curl_f, double viscosity, double* modes) const;

 private:
  using Product = kernel::Dense<double>;

  void velocity_into(const double* vorticity, double* u, double* v) const;
  void gather(const double* uv, const double* difference, double* modes) const;

  std::int64_t n_, k_;
  std::vector<double> wave_, square_, inverse_square_;
  std::unique_ptr<const Product> out_, value_, slope_, to_value_, to_slope_;  // [F; D], F, D, F', D'
};

}  // namespace fathom::pde
