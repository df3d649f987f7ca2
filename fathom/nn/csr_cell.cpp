#include "fathom/nn/csr_cell.h"

#include <memory>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/csr.h"
#include "fathom/kernel/dense.h"
#include "fathom/kernel/scratch.h"
#include "fathom/nn/dense_cell.h"

namespace fathom::nn {
namespace {

constexpr const char* kPlace = "nn::csr_map";

struct NeighboursTag;
struct SlopeTag;

template <class T>
class PackedCsrCell : public tensor::PackedCell<T> {
 public:
  PackedCsrCell(const tensor::Graph& graph, const Tensor& weight, const Tensor& injection, kernel::Activation act)
      : graph_(graph),
        value_(graph.value_by_row().detach().contiguous()),
        value_transposed_(value_.index_select(0, graph.pattern().by_column.source)),
        injection_(injection.detach().contiguous()),
        dense_(weight.detach().contiguous().template data_ptr<T>(), weight.size(0), weight.size(1), act) {}

  std::int64_t samples() const override { return injection_.size(0); }
  std::int64_t width() const override { return nodes() * features(); }

  void evaluate(std::span<const std::int64_t> samples, const T* y, T* g) const override {
    for_samples(samples, [&](const kernel::DenseRows<T>& rows, std::int64_t at) {
      T* sums = kernel::scratch<T, NeighboursTag>(width());
      kernel::csr_times_dense(view(graph_.pattern().by_row, value_), y + at, features(), sums);
      dense_.evaluate(rows, sums, g + at);
    });
  }

  void vjp(std::span<const std::int64_t> samples, const T* y, const T* g, const T* u, T* w) const override {
    for_samples(samples, [&](const kernel::DenseRows<T>& rows, std::int64_t at) {
      T* sums = kernel::scratch<T, NeighboursTag>(width());
      if (!kernel::slope_from_output(dense_.activation())) {
        kernel::csr_times_dense(view(graph_.pattern().by_row, value_), y + at, features(), sums);
      }
      T* pulled = kernel::scratch<T, SlopeTag>(width());
      dense_.vjp(rows, sums, g + at, u + at, pulled);
      kernel::csr_times_dense(view(graph_.pattern().by_column, value_transposed_), pulled, features(), w + at);
    });
  }

  double flops() const override {
    const auto d = static_cast<double>(features());
    return 2 * d * (static_cast<double>(graph_.edges()) + static_cast<double>(nodes()) * d);
  }

 private:
  std::int64_t nodes() const { return injection_.size(1); }
  std::int64_t features() const { return injection_.size(2); }

  static kernel::CsrView<T> view(const tensor::EdgeOrder& order, const Tensor& value) {
    return {order.rows, order.columns, order.start.template data_ptr<std::int64_t>(),
            order.column.template data_ptr<std::int32_t>(), value.template data_ptr<T>()};
  }

  // work(the sample's nodes as rows, where it begins)
  template <class Work>
  void for_samples(std::span<const std::int64_t> samples, const Work& work) const {
    const auto n = static_cast<std::int64_t>(samples.size());
#pragma omp parallel for schedule(static) if (n > 1)
    for (std::int64_t i = 0; i < n; ++i) {
      const T* injected = injection_.template data_ptr<T>() + samples[i] * width();
      work(kernel::DenseRows<T>{nodes(), injected}, i * width());
    }
  }

  tensor::Graph graph_;
  Tensor value_, value_transposed_, injection_;
  kernel::Dense<T> dense_;
};

// A y for every sample: the samples' features side by side, so that the edges are read once.
Tensor neighbours(const tensor::Graph& graph, const Tensor& y) {
  const std::int64_t batch = y.size(0), nodes = y.size(1), features = y.size(2);
  const Tensor joined = y.transpose(0, 1).reshape({nodes, batch * features});
  return graph.to_rows(joined).view({nodes, batch, features}).transpose(0, 1);
}

std::string type_text(const Tensor& x) {
  return fmt::format("{} {}", c10::toString(x.scalar_type()), x.device().str());
}

void require_arguments(const tensor::Graph& graph, const Tensor& weight, const Tensor& x) {
  base::require(graph.rows() == graph.columns(), kPlace, "the graph's columns", graph.columns(),
                fmt::format("== rows = {}", graph.rows()), "A maps the nodes to themselves");
  if (x.dim() != 3 || x.size(1) != graph.rows()) {
    base::fail(kPlace, "injection's shape = ({}) violates == (B, {}, d); a row of features for each node",
               fmt::join(x.sizes(), ", "), graph.rows());
  }
  if (weight.sizes() != at::IntArrayRef({x.size(2), x.size(2)})) {
    base::fail(kPlace, "weight's shape = ({}) violates == ({}, {}); it maps the features to themselves",
               fmt::join(weight.sizes(), ", "), x.size(2), x.size(2));
  }
  for (const Tensor& other : {weight, graph.value_by_row()}) {
    base::require(type_text(other) == type_text(x), kPlace, "the type of weight or edge values", type_text(other),
                  "== " + type_text(x), "convert them with to()");
  }
}

}  // namespace

Map csr_map(const tensor::Graph& graph, const Tensor& weight, const Tensor& injection, kernel::Activation act) {
  require_arguments(graph, weight, injection);
  Map map([graph, weight, injection, act](const Tensor& y, const Rows& rows) {
    return activate(act, at::linear(neighbours(graph, y), weight) + rows.of(injection));
  });
  if (!injection.device().is_cpu() || injection.numel() == 0) return map;
  if (injection.scalar_type() == at::kFloat) {
    map.packed_as<float>(std::make_shared<PackedCsrCell<float>>(graph, weight, injection, act));
  }
  if (injection.scalar_type() == at::kDouble) {
    map.packed_as<double>(std::make_shared<PackedCsrCell<double>>(graph, weight, injection, act));
  }
  return map;
}

}  // namespace fathom::nn
