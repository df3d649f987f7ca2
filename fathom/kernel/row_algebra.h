// Linear algebra on the rows of a batch, one small problem a row and no temporaries: products, sums, multiples, norms,
// and the orthogonalisation of Krylov methods.
//
//   row_dots            h_ik = <v_ik, w_i>
//   row_norms           ||x_i||
//   scale_rows          y_i  = a_i x_i
//   add_scaled_rows     y_i += sum_k a_ik v_ik                  (axpy where a row has one vector)
//   orthogonalise_rows  w_i -= V_i (V_i' w_i), run twice        [Giraud2005] "twice is enough"
//
// T is float or double. Every row is computed from itself alone, in the same order whatever its batch-mates and the
// threads, and a product of a vector is the same whatever vectors stand beside it.
//
// Accuracy, with u = 2^-53 and to first order in u:
//   row_dots            |error| <= width u sum |v_j w_j|  (a product of two floats is exact in double)
//   row_norms           relative error <= (width / 2 + 1) u
//   scale_rows          one rounding to T; for floats one in double before it: relative error <= u + 2^-24
//   add_scaled_rows     count u (|y_j| + sum |a_k v_kj|), and one rounding to T of the result
// A square that overflows a double makes the norm infinite. Results beyond the range of T are infinite.
//
// Cost: one pass over what is read and one over what is written; orthogonalise_rows reads V once from memory and three
// times more from the cache where the vectors of one row fit there. Parallel over the rows of large batches.
#pragma once

#include <cstdint>

namespace fathom::kernel {

// `count` vectors of `width` numbers for each of `rows` rows: vector k of row i begins at data + i * stride + k *
// width. With count = 1 a matrix whose rows may stand apart, as a slice of columns does.
template <class T>
struct RowVectors {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t count = 1;
  std::int64_t width = 0;
  std::int64_t stride = 0;

  T* of(std::int64_t row) const { return data + row * stride; }
};

// dots (rows, count); w has one vector a row. v and w may be the same.
template <class T>
void row_dots(const RowVectors<const T>& v, const RowVectors<const T>& w, double* dots);

// norms (rows); x has one vector a row.
template <class T>
void row_norms(const RowVectors<const T>& x, double* norms);

// factor (rows); x and y have one vector a row. Where the factor is 0, y is 0 whatever x holds. y may be x.
template <class T>
void scale_rows(const RowVectors<const T>& x, const double* factor, const RowVectors<T>& y);

// factor (rows, count); y has one vector a row, apart from v.
template <class T>
void add_scaled_rows(const RowVectors<const T>& v, const double* factor, const RowVectors<T>& y);

// out = w less its part in the span of the vectors of v, orthonormal in each row or zero; coefficients (rows, count)
// are V'w. w and out have one vector a row; out may be w, and is apart from v.
template <class T>
void orthogonalise_rows(const RowVectors<const T>& v, const RowVectors<const T>& w, const RowVectors<T>& out,
                        double* coefficients);

}  // namespace fathom::kernel
