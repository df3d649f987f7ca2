#include "fathom/measure/spectral.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/linalg_eig.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>

#include "fathom/base/seed.h"
#include "fathom/solve/krylov_basis.h"
#include "fathom/solve/validate.h"
#include "fathom/tensor/autograd.h"
#include "fathom/tensor/convert.h"

namespace fathom::measure {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kBreakdown = 1e-12;

// The same unit vector for every row, so that rows do not depend on each other.
Tensor first_vector(const Tensor& like, std::int64_t seed) {
  base::Random random(static_cast<std::uint64_t>(seed));
  std::vector<double> entries(like.size(1));
  double square = 0;
  for (double& entry : entries) {
    entry = random.normal();
    square += entry * entry;
  }
  for (double& entry : entries) entry /= std::sqrt(square);
  return tensor::from_doubles(entries, {1, like.size(1)}, at::kDouble).to(like.options()).expand_as(like).contiguous();
}

Spectral unknown(std::int64_t rows) {
  Spectral s;
  s.value.assign(rows, kNaN);
  s.residual.assign(rows, kNaN);
  s.converged.assign(rows, false);
  s.products = 0;
  return s;
}

// The Hessenberg matrix of one row and its dominant Ritz pair.
struct Ritz {
  double radius = 0;                // |theta|
  double last = 0;                  // |last entry of the eigenvector|, of norm 1
  std::vector<double> coordinates;  // real part of the eigenvector, in the basis
};

Ritz dominant(const std::vector<double>& H, std::int64_t m) {
  const auto [values, vectors] = at::linalg_eig(tensor::from_doubles(H, {m, m}, at::kDouble));
  const std::vector<double> theta = tensor::to_doubles(at::view_as_real(values)),
                            x = tensor::to_doubles(at::view_as_real(vectors));
  Ritz best;
  std::int64_t k = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    const double radius = std::hypot(theta[2 * i], theta[2 * i + 1]);
    if (radius > best.radius) std::tie(best.radius, k) = std::pair(radius, i);
  }
  const auto entry = [&](std::int64_t row) { return x.data() + 2 * (row * m + k); };
  best.last = std::hypot(entry(m - 1)[0], entry(m - 1)[1]);
  for (std::int64_t row = 0; row < m; ++row) best.coordinates.push_back(entry(row)[0]);
  return best;
}

class Arnoldi {
 public:
  Arnoldi(const tensor::Linearization& J, const Tensor& like, const SpectralOptions& options)
      : J_(J), options_(options), rows_(like.size(0)), m_(std::min(options.restart, like.size(1))) {
    out_ = unknown(rows_);
    open_.assign(rows_, 1);
    start_ = first_vector(like, options.seed);
  }

  Spectral run() {
    while (out_.products < options_.max_iter && std::find(open_.begin(), open_.end(), 1) != open_.end()) cycle();
    return std::move(out_);
  }

 private:
  void cycle() {
    basis_ = at::zeros({rows_, m_ + 1, start_.size(1)}, start_.options());
    basis_.select(1, 0).copy_(solve::unit_rows(start_, solve::row_norms(start_), open_));
    H_.assign(rows_, std::vector<double>(m_ * m_, 0));
    size_.assign(rows_, 0);
    left_.assign(rows_, 0);
    growing_ = open_;
    for (std::int64_t j = 0; j < m_ && std::find(growing_.begin(), growing_.end(), 1) != growing_.end(); ++j) expand(j);
    restart();
  }

  void expand(std::int64_t j) {
    Tensor w = J_.jvp(basis_.select(1, j));
    ++out_.products;
    const std::vector<double> length = solve::row_norms(w);
    const std::vector<double> h = solve::orthogonalise(w, basis_.narrow(1, 0, j + 1));
    const std::vector<double> left = solve::row_norms(w);
    for (std::int64_t row = 0; row < rows_; ++row) {
      if (growing_[row]) note(row, j, h.data() + row * (j + 1), left[row], length[row]);
    }
    basis_.select(1, j + 1).copy_(solve::unit_rows(w, left, growing_));
  }

  void note(std::int64_t row, std::int64_t j, const double* h, double left, double length) {
    if (!std::isfinite(length)) {
      growing_[row] = open_[row] = 0;  // stays NaN
      size_[row] = 0;
      return;
    }
    for (std::int64_t i = 0; i <= j; ++i) H_[row][i * m_ + j] = h[i];
    size_[row] = j + 1;
    left_[row] = left <= kBreakdown * length ? 0 : left;
    if (left_[row] == 0)
      growing_[row] = 0;
    else if (j + 1 < m_)
      H_[row][(j + 1) * m_ + j] = left;
  }

  // The dominant Ritz pair of every open row; the next cycle starts from the real part of its vector, whose span with
  // its image under J holds the complex one's.
  void restart() {
    std::vector<double> coordinates(rows_ * (m_ + 1), 0);
    for (std::int64_t row = 0; row < rows_; ++row) {
      if (!open_[row] || size_[row] == 0) continue;
      const Ritz ritz = dominant(leading(row), size_[row]);
      settle(row, ritz);
      std::copy(ritz.coordinates.begin(), ritz.coordinates.end(), coordinates.begin() + row * (m_ + 1));
    }
    const Tensor c = tensor::from_doubles(coordinates, {rows_, 1, m_ + 1}, at::kDouble).to(start_.options());
    start_ = at::bmm(c, basis_).squeeze(1);
  }

  std::vector<double> leading(std::int64_t row) const {
    const std::int64_t m = size_[row];
    std::vector<double> H;
    for (std::int64_t i = 0; i < m; ++i) H.insert(H.end(), H_[row].begin() + i * m_, H_[row].begin() + i * m_ + m);
    return H;
  }

  void settle(std::int64_t row, const Ritz& ritz) {
    out_.value[row] = ritz.radius;
    out_.residual[row] = ritz.radius > 0 ? left_[row] * ritz.last / ritz.radius : 0;
    out_.converged[row] = out_.residual[row] <= options_.rtol;
    if (out_.converged[row]) open_[row] = 0;
  }

  const tensor::Linearization& J_;
  SpectralOptions options_;
  std::int64_t rows_, m_;
  Tensor start_, basis_;
  std::vector<std::vector<double>> H_;  // m x m a row, row-major
  std::vector<std::int64_t> size_;      // columns of H that a row has
  std::vector<double> left_;            // h_{m+1,m}: 0 where the space is exhausted
  std::vector<char> open_, growing_;
  Spectral out_;
};

// What is still missing of a sequence that grows by ever smaller steps, from its last two: Aitken's estimate.
double missing(double step, double step_before) {
  const double ratio = std::min(step / step_before, 0.999);
  return step * ratio / (1 - ratio);
}

}  // namespace

Spectral spectral_radius(const Map& map, const State& y, const SpectralOptions& options, const Rows& rows) {
  solve::validate(options);
  const tensor::Linearization J(map, y, rows);
  const at::NoGradGuard no_grad;
  return Arnoldi(J, y.flat().detach(), options).run();
}

Spectral sigma_max(const Map& map, const State& y, const SpectralOptions& options, const Rows& rows) {
  return sigma_max(tensor::Linearization(map, y, rows), options);
}

Spectral sigma_max(const tensor::Linearization& J, const SpectralOptions& options) {
  solve::validate(options);
  const at::NoGradGuard no_grad;
  const Tensor like = J.point().flat().detach();
  Spectral out = unknown(like.size(0));
  std::vector<char> open(like.size(0), 1);
  std::vector<double> step(like.size(0), kNaN);
  Tensor v = first_vector(like, options.seed);
  while (out.products < options.max_iter && std::find(open.begin(), open.end(), 1) != open.end()) {
    const Tensor image = J.jvp(v);
    ++out.products;
    const std::vector<double> sigma = solve::row_norms(image);
    for (std::size_t row = 0; row < sigma.size(); ++row) {
      if (!open[row]) continue;
      const double now = std::abs(sigma[row] - out.value[row]);
      out.residual[row] = now == 0 || sigma[row] == 0 ? 0 : missing(now, step[row]) / sigma[row];
      out.value[row] = sigma[row];
      step[row] = now;
      out.converged[row] = out.residual[row] <= options.rtol;
      open[row] = !out.converged[row] && std::isfinite(sigma[row]);
    }
    const Tensor next = J.vjp(image);
    v = solve::unit_rows(next, solve::row_norms(next), open);
  }
  return out;
}

}  // namespace fathom::measure
