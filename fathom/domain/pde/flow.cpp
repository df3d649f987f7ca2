#include "fathom/domain/pde/flow.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fathom/base/error.h"
#include "fathom/kernel/scratch.h"

namespace fathom::pde {

namespace {

constexpr std::int64_t kLeastGrid = 4;  // the smallest that has a wave in its band

struct Halfway {};  // users of scratch memory: results between two products ...
struct Turned {};   // ... the same transposed
struct Fields {};   // u, v on the grid
struct Pairs {};    // u v, v^2 - u^2 on the grid
struct Gathered {};

std::int64_t largest_below_third(std::int64_t n) { return (n - 1) / 3; }

// from (rows, columns) -> to (columns, rows), in blocks that stay in the cache.
void transpose(std::int64_t rows, std::int64_t columns, const double* from, double* to) {
  constexpr std::int64_t kBlock = 8;
  for (std::int64_t i0 = 0; i0 < rows; i0 += kBlock) {
    const std::int64_t i1 = std::min(i0 + kBlock, rows);
    for (std::int64_t j = 0; j < columns; ++j) {
      for (std::int64_t i = i0; i < i1; ++i) to[j * rows + i] = from[i * columns + j];
    }
  }
}

void times(const kernel::Dense<double>& right, std::int64_t rows, const double* left, double* product) {
  right.evaluate({.count = rows}, left, product);
}

}  // namespace

Flow::Flow(std::int64_t grid) : n_(grid), k_(largest_below_third(grid)) {
  base::require(grid >= kLeastGrid, "pde::Flow", "grid", grid, ">= 4", "a flow needs at least one wave below N/3");
  const std::int64_t m = width();
  std::vector<double> stacked(2 * n_ * m), turned_value(m * n_), turned_slope(m * n_);
  wave_.assign(m, 0);
  for (std::int64_t j = 0; j < m; ++j) wave_[j] = static_cast<double>((j + 1) / 2);
  for (std::int64_t i = 0; i < n_; ++i) {
    for (std::int64_t j = 0; j < m; ++j) {
      const std::int64_t turns = (j + 1) / 2 * i % n_;  // an exact multiple of 2 pi / N keeps the basis orthonormal
      const double angle = 2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(n_);
      const double length = std::sqrt((j == 0 ? 1.0 : 2.0) / static_cast<double>(n_));
      const bool cosine = j % 2 == 1 || j == 0;
      const double value = length * (cosine ? std::cos(angle) : std::sin(angle));
      const double slope = length * wave_[j] * (cosine ? -std::sin(angle) : std::cos(angle));
      stacked[i * m + j] = turned_value[j * n_ + i] = value;
      stacked[(n_ + i) * m + j] = turned_slope[j * n_ + i] = slope;
    }
  }
  constexpr auto kIdentity = kernel::Activation::identity;
  out_ = std::make_unique<Product>(stacked.data(), 2 * n_, m, kIdentity);
  value_ = std::make_unique<Product>(stacked.data(), n_, m, kIdentity);
  slope_ = std::make_unique<Product>(stacked.data() + n_ * m, n_, m, kIdentity);
  to_value_ = std::make_unique<Product>(turned_value.data(), m, n_, kIdentity);
  to_slope_ = std::make_unique<Product>(turned_slope.data(), m, n_, kIdentity);
  square_.resize(m * m);
  inverse_square_.assign(m * m, 0);
  for (std::int64_t i = 0; i < m * m; ++i) {
    square_[i] = wave_[i / m] * wave_[i / m] + wave_[i % m] * wave_[i % m];
    if (square_[i] > 0) inverse_square_[i] = 1 / square_[i];
  }
}

void Flow::analyse(const double* field, double* modes) const {
  const std::int64_t m = width();
  double* half = kernel::scratch<double, Halfway>(n_ * m);
  double* turned = kernel::scratch<double, Turned>(n_ * m);
  times(*to_value_, n_, field, half);  // [x][ky]
  transpose(n_, m, half, turned);
  times(*to_value_, m, turned, half);  // [ky][kx]
  transpose(m, m, half, modes);
}

void Flow::synthesise(const double* modes, double* field) const {
  const std::int64_t m = width();
  double* half = kernel::scratch<double, Halfway>(n_ * n_);
  double* turned = kernel::scratch<double, Turned>(n_ * m);
  times(*value_, m, modes, half);  // [kx][y]
  transpose(m, n_, half, turned);
  times(*value_, n_, turned, half);  // [y][x]
  transpose(n_, n_, half, field);
}

// cos' = -k sin and sin' = k cos: neighbours change places.
void Flow::derivative(const double* modes, int axis, double* to) const {
  const std::int64_t m = width(), stride = axis == 0 ? m : 1;
  for (std::int64_t i = 0; i < m * m; ++i) {
    const std::int64_t j = axis == 0 ? i / m : i % m;
    if (j == 0) {
      to[i] = 0;
    } else {
      to[i] = j % 2 == 1 ? wave_[j] * modes[i + stride] : -wave_[j] * modes[i - stride];
    }
  }
}

// <d_x f2, b> = -<f2, b_x>, which holds on the grid for every b of the band.
void Flow::curl(const double* f1, const double* f2, double* modes) const {
  const std::int64_t m = width();
  double* half = kernel::scratch<double, Halfway>(n_ * m);
  double* turned = kernel::scratch<double, Turned>(n_ * m);
  double* part = kernel::scratch<double, Gathered>(m * m);
  times(*to_value_, n_, f2, half);  // [x][ky]
  transpose(n_, m, half, turned);
  times(*to_slope_, m, turned, part);  // [ky][kx]
  times(*to_slope_, n_, f1, half);
  transpose(n_, m, half, turned);
  times(*to_value_, m, turned, half);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < m; ++j) modes[i * m + j] = half[j * m + i] - part[j * m + i];
  }
}

void Flow::velocity(const double* vorticity, Velocity& to) const {
  to.u.resize(n_ * n_);
  to.v.resize(n_ * n_);
  velocity_into(vorticity, to.u.data(), to.v.data());
}

void Flow::velocity_into(const double* vorticity, double* u, double* v) const {
  const std::int64_t m = width();
  double* psi = kernel::scratch<double, Gathered>(m * m);
  double* half = kernel::scratch<double, Halfway>(2 * n_ * m);
  double* turned = kernel::scratch<double, Turned>(2 * n_ * m);
  for (std::int64_t i = 0; i < m * m; ++i) psi[i] = vorticity[i] * inverse_square_[i];
  times(*out_, m, psi, half);  // [kx][psi at y, psi_y at y]
  transpose(m, 2 * n_, half, turned);
  times(*value_, n_, turned + n_ * m, u);  // [y][x]
  times(*slope_, n_, turned, v);
  for (std::int64_t i = 0; i < n_ * n_; ++i) v[i] = -v[i];
}

// (d_xx - d_yy) uv + d_xy difference of fields given transposed.
void Flow::gather(const double* uv, const double* difference, double* modes) const {
  const std::int64_t m = width();
  double* half = kernel::scratch<double, Halfway>(n_ * m);
  double* turned = kernel::scratch<double, Turned>(n_ * m);
  double* part = kernel::scratch<double, Gathered>(m * m);
  times(*to_value_, n_, uv, half);  // [y][kx]
  transpose(n_, m, half, turned);
  times(*to_value_, m, turned, part);  // [kx][ky]
  times(*to_slope_, n_, difference, half);
  transpose(n_, m, half, turned);
  times(*to_slope_, m, turned, modes);
  for (std::int64_t i = 0; i < m; ++i) {
    const double kx2 = wave_[i] * wave_[i];
    for (std::int64_t j = 0; j < m; ++j) modes[i * m + j] -= (kx2 - wave_[j] * wave_[j]) * part[i * m + j];
  }
}

void Flow::convection(const double* vorticity, double* modes) const {
  const std::int64_t points = n_ * n_;
  double* u = kernel::scratch<double, Fields>(2 * points);
  double* v = u + points;
  double* uv = kernel::scratch<double, Pairs>(2 * points);
  double* difference = uv + points;
  velocity_into(vorticity, u, v);
  for (std::int64_t i = 0; i < points; ++i) {
    uv[i] = u[i] * v[i];
    difference[i] = v[i] * v[i] - u[i] * u[i];
  }
  gather(uv, difference, modes);
}

void Flow::convection_slope(const Velocity& at, const double* d, double* modes) const {
  const std::int64_t points = n_ * n_;
  const double *u = at.u.data(), *v = at.v.data();
  double* du = kernel::scratch<double, Fields>(2 * points);
  double* dv = du + points;
  double* uv = kernel::scratch<double, Pairs>(2 * points);
  double* difference = uv + points;
  velocity_into(d, du, dv);
  for (std::int64_t i = 0; i < points; ++i) {
    uv[i] = u[i] * dv[i] + v[i] * du[i];
    difference[i] = 2 * (v[i] * dv[i] - u[i] * du[i]);
  }
  gather(uv, difference, modes);
}

void Flow::residual(const double* vorticity, const double* curl_f, double viscosity, double* modes) const {
  convection(vorticity, modes);
  for (std::int64_t i = 0; i < this->modes(); ++i) modes[i] += viscosity * square_[i] * vorticity[i] - curl_f[i];
}

}  // namespace fathom::pde
