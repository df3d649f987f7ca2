// A map G of a fixed point y = G(y, x): a callable on states that knows which samples of its batch are asked for.
//
//   Map g([&](const Tensor& y) { return at::tanh(at::linear(y, W) + x); });                       // all rows, always
//   Map g([&](const Tensor& y, const Rows& rows) { return at::tanh(at::linear(y, W) + rows.of(x)); });
//   Map g([&](const State& y, const Rows& rows) -> State { ... });                                // several tensors
//
// The context x (the injected input) is captured by the callable. A solver drops samples that are done (batch
// compaction) and then calls G with the live rows of y and the indices of those rows; `rows.of(x)` gives the matching
// rows of any context tensor. A map without the rows argument cannot be compacted, and all its rows run.
//
// A map may carry a packed map, the same function on plain memory (packed_cell.h).
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "fathom/tensor/packed_cell.h"
#include "fathom/tensor/state.h"
#include "fathom/tensor/tensor.h"

namespace fathom::tensor {

// The samples that a call is about, in the order of the state's rows.
class Rows {
 public:
  Rows() = default;                                          // all
  explicit Rows(Tensor index) : index_(std::move(index)) {}  // int64 (b), indices into the full batch

  bool all() const { return !index_.defined(); }
  const Tensor& index() const { return index_; }  // undefined when all()
  Tensor of(const Tensor& context) const;         // context (B, ...) -> (b, ...); differentiable

 private:
  Tensor index_;
};

class Map {
 public:
  using Function = std::function<State(const State& y, const Rows& rows)>;

  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, Map>)
      Map(F f) {  // NOLINT(google-explicit-constructor): a callable is a map
    // States first: a tensor converts to a state, so a callable of states also takes tensors, but not the reverse.
    if constexpr (std::is_invocable_v<F&, const State&, const Rows&>) {
      f_ = std::move(f);
    } else if constexpr (std::is_invocable_v<F&, const Tensor&, const Rows&>) {
      f_ = [g = std::move(f)](const State& y, const Rows& rows) mutable { return State(g(y.only(), rows)); };
    } else if constexpr (std::is_invocable_v<F&, const State&>) {
      f_ = [g = std::move(f)](const State& y, const Rows&) mutable { return State(g(y)); };
      compactable_ = false;
    } else {
      static_assert(std::is_invocable_v<F&, const Tensor&>,
                    "a map takes (Tensor), (Tensor, Rows), (State) or (State, Rows)");
      f_ = [g = std::move(f)](const State& y, const Rows&) mutable { return State(g(y.only())); };
      compactable_ = false;
    }
  }

  State operator()(const State& y, const Rows& rows = {}) const { return f_(y, rows); }
  bool compactable() const { return compactable_; }
  // A map that takes rows but for which running part of the batch makes no sense (batch norm in training mode, say).
  Map& never_compact() {
    compactable_ = false;
    return *this;
  }

  // L with ||G(y) - G(z)|| <= L ||y - z|| proved for all y and z, in the 2-norm over all parts of a row, for the
  // weights as they are: solutions then carry error bounds (Solution::error_bound).
  Map& contracts_by(double L) {
    contraction_ = L;
    return *this;
  }
  std::optional<double> contraction() const { return contraction_; }

  // What G is evaluated in where that is less than the dtype of its state (precision.h).
  Map& evaluated_in(at::ScalarType precision) {
    precision_ = precision;
    return *this;
  }
  at::ScalarType precision() const { return precision_; }  // Undefined: the state's

  // Solves without gradients evaluate `packed` in place of the callable: the same function of one tensor (B, ...) of T.
  template <class T>
  Map& packed_as(std::shared_ptr<const PackedMap<T>> packed) {
    packed_ = std::move(packed);
    return *this;
  }
  template <class T>
  const PackedMap<T>* packed() const {  // null if there is none for T
    const auto* packed = std::get_if<std::shared_ptr<const PackedMap<T>>>(&packed_);
    return packed == nullptr ? nullptr : packed->get();
  }

 private:
  Function f_;
  std::optional<double> contraction_;
  std::variant<std::monostate, std::shared_ptr<const PackedMap<float>>, std::shared_ptr<const PackedMap<double>>>
      packed_;
  bool compactable_ = true;
  at::ScalarType precision_ = at::ScalarType::Undefined;
};

}  // namespace fathom::tensor

namespace fathom {
using tensor::Map;
using tensor::Rows;
}  // namespace fathom
