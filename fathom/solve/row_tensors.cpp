#include "fathom/solve/row_tensors.h"

#include <cstring>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/stack.h>

#include "fathom/solve/row_vectors.h"
#include "fathom/tensor/convert.h"

namespace fathom::solve {

namespace {

// slots and rows of those that `chosen` picks, as index tensors on the device of y.
struct Chosen {
  Tensor slots, rows;

  template <class Choice>
  Chosen(std::span<const LiveRow> live, const Tensor& like, Choice chosen) {
    std::vector<std::int64_t> slot, row;
    for (const LiveRow& one : live) {
      if (!chosen(one)) continue;
      slot.push_back(one.slot);
      row.push_back(one.row);
    }
    const auto count = static_cast<std::int64_t>(slot.size());
    slots = tensor::from_int64s(slot, {count}).to(like.device());
    rows = tensor::from_int64s(row, {count}).to(like.device());
  }
};

void write_squares_by_kernel(std::span<const LiveRow> rows, const Layout& layout, const Tensor& r, const Tensor& g,
                             std::vector<Squares>& squares) {
  std::vector<double> of_r(r.size(0)), of_g(r.size(0));
  with_type_of(r, [&](auto zero) {
    auto part_r = row_vectors<const decltype(zero)>(r), part_g = row_vectors<const decltype(zero)>(g);
    for (std::int64_t p = 0; p < layout.parts(); ++p) {
      part_r.width = part_g.width = layout.part_start[p + 1] - layout.part_start[p];
      kernel::row_dots(part_r, part_r, of_r.data());
      kernel::row_dots(part_g, part_g, of_g.data());
      for (const LiveRow& live : rows) {
        squares[live.row * layout.parts() + p] = {of_r[live.slot], of_g[live.slot]};
      }
      part_r.data += part_r.width;
      part_g.data += part_g.width;
    }
  });
}

}  // namespace

Tensor widened(const Tensor& x) {
  return x.scalar_type() == at::kDouble || x.scalar_type() == at::kFloat ? x : x.to(at::kFloat);
}

Tensor row_dots(const Tensor& a, const Tensor& b) {
  if (a.dim() != 2 || a.sizes() != b.sizes() || !kernels_take({a, b})) return (a * b).sum(1, false, at::kDouble);
  const Tensor dots = at::empty({a.size(0)}, a.options().dtype(at::kDouble));
  with_type_of(a, [&](auto zero) {
    using T = decltype(zero);
    kernel::row_dots<T>(row_vectors<const T>(a), row_vectors<const T>(b), dots.data_ptr<double>());
  });
  return dots;
}

void write_squares(std::span<const LiveRow> rows, const Layout& layout, const Tensor& r, const Tensor& g,
                   std::vector<Squares>& squares) {
  if (kernels_take({r, g})) return write_squares_by_kernel(rows, layout, r, g, squares);
  std::vector<Tensor> sums;
  for (std::int64_t p = 0; p < layout.parts(); ++p) {
    const std::int64_t start = layout.part_start[p], width = layout.part_start[p + 1] - start;
    for (const Tensor& x : {r, g}) {
      const Tensor part = widened(x.narrow(1, start, width));
      sums.push_back(row_dots(part, part));
    }
  }
  const Tensor host = at::stack(sums, 1).to(at::kCPU).contiguous();  // (slots, 2 parts)
  const double* values = host.data_ptr<double>();
  for (const LiveRow& live : rows) {
    for (std::int64_t p = 0; p < layout.parts(); ++p) {
      const double* pair = values + 2 * (live.slot * layout.parts() + p);
      squares[live.row * layout.parts() + p] = {pair[0], pair[1]};
    }
  }
}

void copy_improved(std::span<const LiveRow> rows, const Tensor& from, const Tensor& to) {
  const Chosen improved(rows, to, [](const LiveRow& live) { return live.improved; });
  to.index_copy_(0, improved.rows, from.index_select(0, improved.slots));
}

void copy_running(std::span<const LiveRow> rows, const Tensor& next, const Tensor& y) {
  const Chosen running(rows, y, [](const LiveRow& live) { return live.running; });
  y.index_copy_(0, running.slots, next.index_select(0, running.slots));
}

void copy_row(const Tensor& from, std::int64_t i, const Tensor& to, std::int64_t j) {
  if (!from.is_cpu() || !to.is_cpu() || !from.is_contiguous() || !to.is_contiguous()) {
    to[j].copy_(from[i]);
    return;
  }
  const auto bytes = static_cast<std::size_t>(from.size(1)) * from.element_size();
  std::memcpy(static_cast<char*>(to.data_ptr()) + j * bytes, static_cast<const char*>(from.data_ptr()) + i * bytes,
              bytes);
}

}  // namespace fathom::solve
