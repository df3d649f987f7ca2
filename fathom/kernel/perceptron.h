// The two-layer perceptron applied to every row of a matrix, forward and backward, for narrow layers and many rows:
//   y(n,:) = act( W2 relu( W1 [a(n,:) | b(n,:)] + c1 ) + c2 ),   act = identity or relu.
// The input row is the concatenation of up to two matrices, so that nobody has to write it out. Backward recomputes the
// hidden layer from the inputs: nothing but the inputs is kept between the two.
//
// All matrices are contiguous and row-major; pointers need the alignment of T only. T is float or double. Any width
// works; it is fast for 4 .. 64, where a tile of rows and all weights stay in the first-level cache.
//
// Determinism: rows are processed in chunks fixed by `rows` alone and partial sums are added in chunk order, so results
// are bitwise the same for any number of threads. They may differ in the last bits between instruction sets.
// Accuracy: with u the unit roundoff, every output of a layer is within (k+1) u * (sum |w_i x_i| + |c|) of the exact
// one for the k inputs as given; a weight gradient is a sum over n rows whose error is within
// (64 + r/64 + n/r + 1) u * sum |terms|, where r is the number of rows in a chunk (at least 1024, at least n/64).
#pragma once

#include <cstdint>

namespace fathom::kernel {

template <class T>
struct PerceptronInput {
  std::int64_t rows = 0;
  const T* a = nullptr;  // (rows, a_width)
  std::int64_t a_width = 0;
  const T* b = nullptr;  // (rows, b_width); not read when b_width = 0
  std::int64_t b_width = 0;
};

template <class T>
struct PerceptronWeights {
  std::int64_t hidden = 0;
  std::int64_t outputs = 0;
  const T* w1 = nullptr;  // (hidden, a_width + b_width)
  const T* c1 = nullptr;  // (hidden) or null for none
  const T* w2 = nullptr;  // (outputs, hidden)
  const T* c2 = nullptr;  // (outputs) or null for none
  bool relu = false;      // act = relu
};

// Where to write the gradients; null is one that is not wanted. Shapes are those of what they are gradients of.
template <class T>
struct PerceptronGradient {
  T* a = nullptr;
  T* b = nullptr;
  T* w1 = nullptr;
  T* c1 = nullptr;
  T* w2 = nullptr;
  T* c2 = nullptr;
};

// Writes y (rows, outputs). Cost: 2 * rows * hidden * (inputs + outputs) operations. NaN stays NaN through both relus.
template <class T>
void perceptron_forward(const PerceptronInput<T>& input, const PerceptronWeights<T>& weights, T* y);

// Given dy (rows, outputs), the gradient of a scalar with respect to y, writes those with respect to inputs and
// weights; relu'(0) = 0. Cost: 2.5 to 3 times forward's. Memory: at most 64 copies of the padded weights.
template <class T>
void perceptron_backward(const PerceptronInput<T>& input, const PerceptronWeights<T>& weights, const T* dy,
                         const PerceptronGradient<T>& gradient);

}  // namespace fathom::kernel
