// G as the loop and the methods evaluate it: checked and counted; by its packed map where the map carries one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fathom/tensor/autograd.h"
#include "fathom/tensor/map.h"

namespace fathom::solve {

class Evaluation {
 public:
  // `like` has the shape of the full batch. `selective`: G may be asked for some of the rows (batch compaction).
  Evaluation(const Map& map, State like, bool selective);

  bool selective() const { return selective_; }
  // The unit of rounding of G: that of the state's dtype, or of the precision the map is evaluated in if that is
  // coarser.
  double epsilon() const;
  State state(const Tensor& flat) const { return like_.with_flat(flat); }

  // G at the iterate, rows of the batch, as one contiguous matrix. It is the solver's own, whatever the map keeps: it
  // may be written to, and is overwritten by the third evaluation from this one. Errors (fathom::Error): G wrote into
  // its argument or returned another shape, dtype or device.
  Tensor operator()(const State& y, const Rows& rows);
  // That matrix as a state, in the same memory; null where there is none.
  const State* image() const { return image_.defined() ? &image_ : nullptr; }

  // G at a point off the path of the iterates. Overwritten by the next such, and no earlier.
  Tensor aside(const State& y, const Rows& rows);

  // G taped there; counts as an evaluation.
  tensor::Linearization linearize(const State& y, const Rows& rows);

  // One product J v on a batch was made ...
  void count_product() { ++product_calls_; }
  // ... and row `row` of the full batch used so many.
  void count_products(std::int64_t row, std::int64_t count) { products_[row] += count; }

  std::int64_t calls() const { return calls_; }
  std::int64_t rows_evaluated() const { return rows_evaluated_; }
  std::int64_t product_calls() const { return product_calls_; }
  const std::vector<std::int64_t>& products() const { return products_; }  // [B]

 private:
  // Memory for G that outlives a few evaluations.
  struct Buffer {
    Tensor flat;
    State state;
  };

  void check(const State& y, const State& g) const;
  template <class T>
  bool uses_packed() const;
  bool packed(const State& y, const Rows& rows, Buffer& to);
  template <class T>
  void evaluate_packed(const tensor::PackedMap<T>& cell, const Tensor& y, const Rows& rows, const Tensor& g);
  State generic(const State& y, const Rows& rows);
  void fit(Buffer& buffer, std::int64_t rows) const;
  Buffer& next_buffer() { return buffers_[turn_++ % kBuffers]; }

  const Map& map_;
  State like_;
  bool selective_;
  bool packed_float_ = false, packed_double_ = false;
  std::vector<std::int64_t> every_sample_;    // 0, 1, ... B-1
  static constexpr std::size_t kBuffers = 3;  // a method reads the point before while the next is evaluated
  Buffer buffers_[kBuffers], aside_;          // for packed maps, and for maps that keep what they return
  std::size_t turn_ = 0;
  State image_;
  std::int64_t calls_ = 0, rows_evaluated_ = 0, product_calls_ = 0;
  std::vector<std::int64_t> products_;
};

}  // namespace fathom::solve
