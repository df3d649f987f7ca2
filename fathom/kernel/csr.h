// Sparse matrices by compressed rows (CSR) and their products with narrow dense matrices: the sums over the edges of a
// graph. Row r holds the entries row_start[r] .. row_start[r+1]-1, each with a column and a value.
//
// Determinism: every output is summed by one thread in the order of its entries, so results do not depend on the number
// of threads. Accuracy: a sum of n products is within (n+1) eps * sum |value * x| of the exact one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fathom::kernel {

// The positions of the entries. `source[e]` is the index that entry e had in the list it was built from, so that values
// are permuted once: value[e] = given[source[e]]. Entries of one row keep the order of that list.
struct CsrPattern {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<std::int64_t> row_start;  // rows + 1 numbers, ascending from 0 to the number of entries
  std::vector<std::int32_t> column;
  std::vector<std::int64_t> source;
};

// From the (row, column) pairs of a list, by a stable counting sort: O(rows + entries) time and memory. Repeated pairs
// stay separate entries. Errors: sizes negative or above 2^31-1, lists of unequal length, an index out of range.
CsrPattern csr_pattern(std::int64_t rows, std::int64_t columns, std::span<const std::int64_t> entry_row,
                       std::span<const std::int64_t> entry_column);

// The transposed matrix; source[e] is the entry of `pattern`. The entries of a row come with ascending columns.
CsrPattern transpose(const CsrPattern& pattern);

// A CSR matrix in someone else's memory, with the invariants of CsrPattern. T is float or double.
template <class T>
struct CsrView {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const std::int64_t* row_start = nullptr;
  const std::int32_t* column = nullptr;
  const T* value = nullptr;
};

// out(r,:) = sum_e value_e * x(column_e,:). x is (columns, width), out is (rows, width), both contiguous; a row without
// entries gives zeros. Cost: 2 * entries * width operations. The gradient with respect to x is the same product with
// the transposed matrix.
template <class T>
void csr_times_dense(const CsrView<T>& matrix, const T* x, std::int64_t width, T* out);

// The gradient of <g, A x> with respect to the values: value_gradient_e = <g(row_e,:), x(column_e,:)>, in the order of
// the entries. g is (rows, width), x is (columns, width). matrix.value is not read.
template <class T>
void csr_value_gradient(const CsrView<T>& matrix, const T* g, const T* x, std::int64_t width, T* value_gradient);

}  // namespace fathom::kernel
