#include "fathom/kernel/perceptron.h"

#include <algorithm>

#include "fathom/base/error.h"
#include "fathom/kernel/packed.h"
#include "fathom/kernel/perceptron_rows.h"

namespace fathom::kernel {
namespace {

// How rows are split: by their number alone, never by the number of threads.
struct Chunks {
  std::int64_t rows = 0;
  std::int64_t size = 1;
  std::int64_t count = 0;
  std::int64_t first(std::int64_t chunk) const { return chunk * size; }
  std::int64_t last(std::int64_t chunk) const { return std::min(rows, (chunk + 1) * size); }
};

Chunks chunks_of(std::int64_t rows) {
  constexpr std::int64_t kMostChunks = 64;
  const std::int64_t least = std::max<std::int64_t>(1024, (rows + kMostChunks - 1) / kMostChunks);
  const std::int64_t size = (least + kPerceptronTile - 1) / kPerceptronTile * kPerceptronTile;
  return {rows, size, (rows + size - 1) / size};
}

template <class T>
void require_shapes(const char* place, const PerceptronInput<T>& input, const PerceptronWeights<T>& weights) {
  base::require(input.rows >= 0, place, "rows", input.rows, ">= 0", "give the number of input rows");
  base::require(input.a_width >= 1, place, "a_width", input.a_width, ">= 1", "the first input cannot be empty");
  base::require(input.b_width >= 0, place, "b_width", input.b_width, ">= 0", "0 means no second input");
  base::require(weights.hidden >= 1, place, "hidden", weights.hidden, ">= 1", "a layer has at least one unit");
  base::require(weights.outputs >= 1, place, "outputs", weights.outputs, ">= 1", "a layer has at least one unit");
}

// The two layers, packed; the views point into the packed matrices.
template <class T>
struct PackedPerceptron {
  Packed<T> first;
  Packed<T> second;
  PerceptronLayers<T> layers;

  PackedPerceptron(const PerceptronInput<T>& input, const PerceptronWeights<T>& weights)
      : first(pack_layer(weights.w1, weights.c1, weights.hidden, input.a_width + input.b_width)),
        second(pack_layer(weights.w2, weights.c2, weights.outputs, weights.hidden)),
        layers{first.view(), second.view(), weights.relu} {}
};

template <class T>
struct PackedAdjoints {
  Packed<T> hidden;
  Packed<T> a;
  Packed<T> b;
  PerceptronAdjoints<T> maps;

  PackedAdjoints(const PerceptronInput<T>& input, const PerceptronWeights<T>& weights)
      : hidden(pack_adjoint(weights.w2, weights.outputs, weights.hidden, 0, weights.hidden)),
        a(pack_adjoint(weights.w1, weights.hidden, input.a_width + input.b_width, 0, input.a_width)),
        b(pack_adjoint(weights.w1, weights.hidden, input.a_width + input.b_width, input.a_width, input.b_width)),
        maps{hidden.view(), a.view(), b.view()} {}
};

// The weight gradients of each chunk, side by side in one block of memory.
template <class T>
class PartialSums {
 public:
  PartialSums(const PerceptronLayers<T>& layers, std::int64_t chunks)
      : layers_(layers),
        first_(PackedView<T>::size(layers.first.depth, layers.first.width)),
        size_(first_ + PackedView<T>::size(layers.second.depth, layers.second.width)),
        chunks_(chunks),
        memory_(aligned_zeros<T>(size_ * chunks)) {}

  PerceptronLayers<T> chunk(std::int64_t index) const {
    PerceptronLayers<T> sums = layers_;
    sums.first.data = memory_.get() + index * size_;
    sums.second.data = sums.first.data + first_;
    return sums;
  }

  // Adds all chunks to the first, in order.
  PerceptronLayers<T> total() const {
    T* total = memory_.get();
    for (std::int64_t c = 1; c < chunks_; ++c) {
      const T* part = total + c * size_;
      for (std::int64_t i = 0; i < size_; ++i) total[i] += part[i];
    }
    return chunk(0);
  }

 private:
  PerceptronLayers<T> layers_;
  std::int64_t first_;
  std::int64_t size_;
  std::int64_t chunks_;
  hwy::AlignedFreeUniquePtr<T[]> memory_;
};

}  // namespace

template <class T>
void perceptron_forward(const PerceptronInput<T>& input, const PerceptronWeights<T>& weights, T* y) {
  require_shapes("kernel::perceptron_forward", input, weights);
  const PackedPerceptron<T> packed(input, weights);
  const Chunks chunks = chunks_of(input.rows);
#pragma omp parallel for schedule(static) if (chunks.count > 1)
  for (std::int64_t c = 0; c < chunks.count; ++c) {
    perceptron_forward_rows(input, packed.layers, chunks.first(c), chunks.last(c), y);
  }
}

template <class T>
void perceptron_backward(const PerceptronInput<T>& input, const PerceptronWeights<T>& weights, const T* dy,
                         const PerceptronGradient<T>& gradient) {
  require_shapes("kernel::perceptron_backward", input, weights);
  const PackedPerceptron<T> packed(input, weights);
  const PackedAdjoints<T> adjoints(input, weights);
  const Chunks chunks = chunks_of(input.rows);
  const bool of_weights = gradient.w1 || gradient.c1 || gradient.w2 || gradient.c2;
  const PartialSums<T> sums(packed.layers, of_weights ? std::max<std::int64_t>(chunks.count, 1) : 0);
#pragma omp parallel for schedule(static) if (chunks.count > 1)
  for (std::int64_t c = 0; c < chunks.count; ++c) {
    perceptron_backward_rows(input, packed.layers, adjoints.maps, chunks.first(c), chunks.last(c), dy, gradient.a,
                             gradient.b, of_weights ? sums.chunk(c) : PerceptronLayers<T>{});
  }
  if (!of_weights) return;
  const PerceptronLayers<T> total = sums.total();
  unpack_layer(total.first, gradient.w1, gradient.c1);
  unpack_layer(total.second, gradient.w2, gradient.c2);
}

template void perceptron_forward(const PerceptronInput<float>&, const PerceptronWeights<float>&, float*);
template void perceptron_forward(const PerceptronInput<double>&, const PerceptronWeights<double>&, double*);
template void perceptron_backward(const PerceptronInput<float>&, const PerceptronWeights<float>&, const float*,
                                  const PerceptronGradient<float>&);
template void perceptron_backward(const PerceptronInput<double>&, const PerceptronWeights<double>&, const double*,
                                  const PerceptronGradient<double>&);

}  // namespace fathom::kernel
