#include "fathom/tensor/graph_ops.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <fmt/ranges.h>

#include "fathom/base/error.h"
#include "fathom/kernel/csr.h"

namespace fathom::tensor {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using PatternHolder = c10::intrusive_ptr<torch::CustomClassHolder>;

bool has_kernel(const Tensor& x) {
  return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble);
}

template <class T>
kernel::CsrView<T> view(const EdgeOrder& order, const T* value) {
  return {order.rows, order.columns, order.start.data_ptr<std::int64_t>(), order.column.data_ptr<std::int32_t>(),
          value};
}

template <class T>
void fill_sum(const EdgeOrder& order, const Tensor& value, const Tensor& x, const Tensor& out) {
  kernel::csr_times_dense(view<T>(order, value.data_ptr<T>()), x.data_ptr<T>(), x.size(1), out.data_ptr<T>());
}

template <class T>
void fill_value_gradient(const EdgeOrder& order, const Tensor& g, const Tensor& x, const Tensor& out) {
  kernel::csr_value_gradient(view<T>(order, nullptr), g.data_ptr<T>(), x.data_ptr<T>(), x.size(1), out.data_ptr<T>());
}

// The kernel, outside of any graph; x and value are contiguous.
Tensor kernel_sum(const EdgeOrder& order, const Tensor& value, const Tensor& x) {
  const Tensor out = at::empty({order.rows, x.size(1)}, x.options());
  x.scalar_type() == at::kFloat ? fill_sum<float>(order, value, x, out) : fill_sum<double>(order, value, x, out);
  return out;
}

Tensor kernel_value_gradient(const EdgeOrder& order, const Tensor& g, const Tensor& x) {
  const Tensor out = at::empty({order.column.size(0)}, x.options());
  if (x.scalar_type() == at::kFloat) {
    fill_value_gradient<float>(order, g, x, out);
  } else {
    fill_value_gradient<double>(order, g, x, out);
  }
  return out;
}

// The same by differentiable tensor operations.
Tensor aten_sum(const EdgeOrder& order, const Tensor& value, const Tensor& x) {
  const Tensor messages = x.index_select(0, order.column).mul(value.unsqueeze(1));
  return at::zeros({order.rows, x.size(1)}, x.options()).index_add(0, order.row, messages);
}

Tensor aten_value_gradient(const EdgeOrder& order, const Tensor& g, const Tensor& x) {
  return g.index_select(0, order.row).mul(x.index_select(0, order.column)).sum(1);
}

// One direction through the graph: the order to sum in and its transpose.
struct Direction {
  const EdgeOrder& order;
  const EdgeOrder& transposed;
};

Direction direction(const PatternHolder& holder, bool to_rows) {
  const auto& pattern = static_cast<const EdgePattern&>(*holder);
  if (to_rows) return {pattern.by_row, pattern.by_column};
  return {pattern.by_column, pattern.by_row};
}

Tensor sum_edges(const Tensor& x, const Tensor& value, const Tensor& transposed_value, const PatternHolder& pattern,
                 bool to_rows);

// value and transposed_value are one quantity in two orders: the gradient goes to `value` alone.
struct SumEdges : torch::autograd::Function<SumEdges> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& value, const Tensor& transposed_value,
                        const PatternHolder& pattern, bool to_rows) {
    context->saved_data["pattern"] = at::IValue::make_capsule(pattern);
    context->saved_data["to_rows"] = to_rows;
    context->save_for_backward({value.requires_grad() ? x : Tensor(), value, transposed_value});
    return kernel_sum(direction(pattern, to_rows).order, value, x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradient) {
    const variable_list saved = context->get_saved_variables();
    const PatternHolder pattern = context->saved_data["pattern"].toCapsule();
    const bool to_rows = context->saved_data["to_rows"].toBool();
    const EdgeOrder& order = direction(pattern, to_rows).order;
    const Tensor g = gradient[0].contiguous();
    Tensor of_x, of_value;
    if (context->needs_input_grad(0)) of_x = sum_edges(g, saved[2], saved[1], pattern, !to_rows);
    if (context->needs_input_grad(1)) {
      const bool twice = at::GradMode::is_enabled();
      of_value = twice ? aten_value_gradient(order, g, saved[0]) : kernel_value_gradient(order, g, saved[0]);
    }
    return {of_x, of_value, Tensor(), Tensor(), Tensor()};
  }
};

// x is contiguous.
Tensor sum_edges(const Tensor& x, const Tensor& value, const Tensor& transposed_value, const PatternHolder& pattern,
                 bool to_rows) {
  const EdgeOrder& order = direction(pattern, to_rows).order;
  if (!has_kernel(x)) return aten_sum(order, value, x);
  const bool graph = at::GradMode::is_enabled() && (x.requires_grad() || value.requires_grad());
  if (!graph) return kernel_sum(order, value, x);
  return SumEdges::apply(x, value, transposed_value, pattern, to_rows);
}

std::string shape_text(const Tensor& x) {
  return x.defined() ? fmt::format("({})", fmt::join(x.sizes(), ", ")) : "undefined";
}

// Texts are made only when they are needed: this runs in every step of a solve.
void require_input(const char* place, const Tensor& x, const Tensor& value, std::int64_t size) {
  if (!x.defined() || x.dim() != 2 || x.size(0) != size) {
    base::fail(place, "x's shape = {} violates == ({}, d); one row for each node the edges start from", shape_text(x),
               size);
  }
  if (x.scalar_type() != value.scalar_type() || x.device() != value.device()) {
    base::fail(place, "x's type = {} {} violates == {} {}; convert x or the graph with to()",
               c10::toString(x.scalar_type()), x.device().str(), c10::toString(value.scalar_type()),
               value.device().str());
  }
}

Tensor index_list(const char* name, const Tensor& index) {
  base::require(index.defined() && index.dim() == 1 && index.scalar_type() == at::kLong, "tensor::Graph::from_edges",
                name, index.defined() ? c10::toString(index.scalar_type()) : "undefined", "== Long of shape (E)",
                "indices are int64, one for each edge");
  return index.to(at::kCPU).contiguous();
}

std::span<const std::int64_t> span(const Tensor& index) {
  return {index.data_ptr<std::int64_t>(), static_cast<std::size_t>(index.numel())};
}

Tensor edge_values(const char* place, const Tensor& value, std::int64_t edges) {
  const bool shaped = value.defined() && (value.dim() == 1 || (value.dim() == 2 && value.size(1) == 1));
  base::require(shaped && value.size(0) == edges && value.is_floating_point(), place, "value's shape",
                shape_text(value), fmt::format("== ({}) or ({}, 1), floating", edges, edges),
                "one number for each edge");
  return value.reshape({edges});
}

template <class T>
Tensor tensor_of(const std::vector<T>& values, at::ScalarType dtype) {
  const Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, dtype);
  if (!values.empty()) std::memcpy(out.data_ptr(), values.data(), values.size() * sizeof(T));
  return out;
}

EdgeOrder edge_order(const kernel::CsrPattern& pattern) {
  std::vector<std::int32_t> row(pattern.column.size());
  for (std::int64_t r = 0; r < pattern.rows; ++r) {
    const std::int64_t first = pattern.row_start[r];
    std::fill_n(row.begin() + first, pattern.row_start[r + 1] - first, static_cast<std::int32_t>(r));
  }
  return {pattern.rows,
          pattern.columns,
          tensor_of(pattern.row_start, at::kLong),
          tensor_of(row, at::kInt),
          tensor_of(pattern.column, at::kInt),
          tensor_of(pattern.source, at::kLong)};
}

EdgeOrder moved(const EdgeOrder& order, at::Device device) {
  return {order.rows,           order.columns,           order.start.to(device),
          order.row.to(device), order.column.to(device), order.source.to(device)};
}

c10::intrusive_ptr<EdgePattern> moved(const EdgePattern& pattern, at::Device device) {
  auto out = c10::make_intrusive<EdgePattern>();
  out->by_row = moved(pattern.by_row, device);
  out->by_column = moved(pattern.by_column, device);
  return out;
}

}  // namespace

Graph::Graph(PatternPointer pattern, Tensor value_by_row)
    : pattern_(std::move(pattern)),
      value_by_row_(std::move(value_by_row)),
      value_by_column_(value_by_row_.index_select(0, pattern_->by_column.source)) {}

Graph Graph::from_edges(std::int64_t rows, std::int64_t columns, const Tensor& edge_row, const Tensor& edge_column,
                        const Tensor& value) {
  const Tensor row = index_list("edge_row", edge_row);
  const Tensor column = index_list("edge_column", edge_column);
  const Tensor given = edge_values("tensor::Graph::from_edges", value, row.size(0));
  const kernel::CsrPattern sorted = kernel::csr_pattern(rows, columns, span(row), span(column));
  EdgePattern pattern;
  pattern.by_row = edge_order(sorted);
  pattern.by_column = edge_order(kernel::transpose(sorted));
  auto shared = moved(pattern, given.device());
  const Tensor value_by_row = given.index_select(0, shared->by_row.source);
  return {std::move(shared), value_by_row};
}

Tensor Graph::to_rows(const Tensor& x) const {
  require_input("tensor::Graph::to_rows", x, value_by_row_, columns());
  return sum_edges(x.contiguous(), value_by_row_, value_by_column_, pattern_, true);
}

Tensor Graph::to_columns(const Tensor& x) const {
  require_input("tensor::Graph::to_columns", x, value_by_row_, rows());
  return sum_edges(x.contiguous(), value_by_column_, value_by_row_, pattern_, false);
}

Graph Graph::with_values(const Tensor& value) const {
  const Tensor given = edge_values("tensor::Graph::with_values", value, edges());
  const auto pattern = given.device() == value_by_row_.device() ? pattern_ : moved(*pattern_, given.device());
  return {pattern, given.index_select(0, pattern->by_row.source)};
}

Graph Graph::to(at::Device device) const { return {moved(*pattern_, device), value_by_row_.to(device)}; }

Graph Graph::to(at::ScalarType dtype) const {
  base::require(c10::isFloatingType(dtype), "tensor::Graph::to", "dtype", c10::toString(dtype), "floating",
                "edges carry real numbers");
  return {pattern_, value_by_row_.to(dtype)};
}

}  // namespace fathom::tensor
