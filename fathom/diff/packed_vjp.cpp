#include "fathom/diff/packed_vjp.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/zeros_like.h>

namespace fathom::diff {

namespace {

using Samples = std::span<const std::int64_t>;

// Where G was solved, and for which samples.
template <class T>
struct Point {
  Map map;  // keeps the cell alive
  const tensor::PackedCell<T>& cell;
  Tensor y, g;
  std::vector<std::int64_t> samples;

  std::int64_t rows() const { return y.size(0); }
  std::int64_t width() const { return y.size(1); }

  // w = u' dG/dy for these of the rows.
  void vjp(Samples rows, const T* u, T* w) const {
    const T* at_y = y.data_ptr<T>();
    const T* at_g = g.data_ptr<T>();
    if (static_cast<std::int64_t>(rows.size()) == this->rows()) return cell.vjp(samples, at_y, at_g, u, w);
    thread_local std::vector<T> y_rows, g_rows;
    thread_local std::vector<std::int64_t> of_rows;
    gather(rows, at_y, y_rows);
    gather(rows, at_g, g_rows);
    of_rows.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) of_rows[i] = samples[static_cast<std::size_t>(rows[i])];
    cell.vjp(of_rows, y_rows.data(), g_rows.data(), u, w);
  }

  void gather(Samples rows, const T* from, std::vector<T>& to) const {
    to.resize(rows.size() * static_cast<std::size_t>(width()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(from + rows[i] * width(), width(), to.data() + static_cast<std::int64_t>(i) * width());
    }
  }
};

// u -> v + u' dG/dy.
template <class T>
class AdjointMap final : public tensor::PackedMap<T> {
 public:
  AdjointMap(const Point<T>& point, Tensor v) : point_(point), v_(std::move(v)) {}

  std::int64_t samples() const override { return point_.rows(); }
  std::int64_t width() const override { return point_.width(); }
  double flops() const override { return point_.cell.flops(); }

  void evaluate(Samples rows, const T* u, T* w) const override {
    point_.vjp(rows, u, w);
    const T* v = v_.data_ptr<T>();
    for (const std::int64_t row : rows) {
      const T* add = v + row * width();
      for (std::int64_t i = 0; i < width(); ++i) w[i] += add[i];
      w += width();
    }
  }

 private:
  const Point<T>& point_;
  Tensor v_;
};

template <class T>
class Vjp final : public PackedVjp {
 public:
  explicit Vjp(Point<T> point) : point_(std::move(point)), all_(static_cast<std::size_t>(point_.rows())) {
    std::iota(all_.begin(), all_.end(), 0);
  }

  Tensor operator()(const Tensor& u) const override {
    const Tensor from = u.contiguous();
    Tensor w = at::empty_like(from);
    point_.vjp(all_, from.data_ptr<T>(), w.data_ptr<T>());
    return w;
  }

  Map adjoint(const Tensor& v) const override {
    Map map([this, v](const Tensor& u, const Rows& rows) {
      if (rows.all()) return v + (*this)(u);
      return rows.of(v + (*this)(at::index_copy(at::zeros_like(v), 0, rows.index(), u)));
    });
    return map.packed_as<T>(std::make_shared<AdjointMap<T>>(point_, v.contiguous()));
  }

 private:
  Point<T> point_;
  std::vector<std::int64_t> all_;
};

template <class T>
std::shared_ptr<const PackedVjp> make(const Map& map, const Tensor& y, const Tensor& g,
                                      std::vector<std::int64_t> samples) {
  const auto* cell = dynamic_cast<const tensor::PackedCell<T>*>(map.packed<T>());
  if (cell == nullptr || y.scalar_type() != c10::CppTypeToScalarType<T>::value) return nullptr;
  if (samples.empty()) {
    samples.resize(static_cast<std::size_t>(y.size(0)));
    std::iota(samples.begin(), samples.end(), 0);
  }
  return std::make_shared<Vjp<T>>(
      Point<T>{map, *cell, y.detach().contiguous(), g.detach().contiguous(), std::move(samples)});
}

}  // namespace

std::shared_ptr<const PackedVjp> packed_vjp(const Map& map, const Tensor& y, const Tensor& g,
                                            std::vector<std::int64_t> samples) {
  if (!y.is_cpu()) return nullptr;
  if (auto of_floats = make<float>(map, y, g, samples)) return of_floats;
  return make<double>(map, y, g, std::move(samples));
}

}  // namespace fathom::diff
