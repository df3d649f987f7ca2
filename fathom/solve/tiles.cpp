#include "fathom/solve/tiles.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>

#include "fathom/base/timer.h"
#include "fathom/solve/iterate.h"
#include "fathom/solve/message.h"
#include "fathom/solve/method.h"
#include "fathom/solve/row_tensors.h"
#include "fathom/tensor/convert.h"
#include "fathom/tensor/precision.h"

namespace fathom::solve {

namespace {

// Bytes of the second-level cache that the rows of a tile may take, and those that the weights may.
constexpr double kTileBytes = 1 << 18, kWeightBytes = 1 << 20;
constexpr std::int64_t kLeastRows = 8, kMostRows = 64;

std::int64_t states_kept(const Solver& solver) {
  const auto* anderson = std::get_if<Anderson>(&solver);
  return 4 + (anderson == nullptr ? 0 : 3 + 2 * anderson->depth);
}

std::int64_t rows_of_tile(const Layout& layout, const Solver& solver) {
  const double row = static_cast<double>(states_kept(solver) * layout.width() * layout.options.dtype().itemsize());
  return std::clamp(static_cast<std::int64_t>(kTileBytes / std::max(row, 1.0)), kLeastRows, kMostRows);
}

template <class T>
bool fits(const tensor::PackedMap<T>* cell, at::ScalarType type) {
  // A dense cell reads each of its weights for one multiplication and one addition.
  return cell != nullptr && type == c10::CppTypeToScalarType<T>::value &&
         cell->flops() / 2 * static_cast<double>(sizeof(T)) <= kWeightBytes;
}

// The packed map as the rows of a tile see it: slot i of the tile is whichever sample it solves now.
template <class T>
class TileMap final : public tensor::PackedMap<T> {
 public:
  TileMap(const tensor::PackedMap<T>& whole, const std::vector<std::int64_t>& owner) : whole_(whole), owner_(owner) {}

  std::int64_t samples() const override { return static_cast<std::int64_t>(owner_.size()); }
  std::int64_t width() const override { return whole_.width(); }
  double flops() const override { return whole_.flops(); }
  void evaluate(std::span<const std::int64_t> rows, const T* y, T* g) const override {
    whole_.evaluate(owners(rows), y, g);
  }

 private:
  // One thread works on a tile.
  std::span<const std::int64_t> owners(std::span<const std::int64_t> rows) const {
    scratch_.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) scratch_[i] = owner_[static_cast<std::size_t>(rows[i])];
    return scratch_;
  }

  const tensor::PackedMap<T>& whole_;
  const std::vector<std::int64_t>& owner_;
  mutable std::vector<std::int64_t> scratch_;
};

// What all tiles share: the queue of samples, and the answers.
struct Shared {
  const Map& map;
  const Tensor start;  // (B, D)
  const Solver& solver;
  const Stop& stop;
  Loop loop;
  std::int64_t rows = 0;  // of a tile
  std::atomic<std::int64_t> next{0}, calls{0}, rows_evaluated{0};
  Tensor best;  // (B, D)
  Solution solution;

  std::int64_t batch() const { return start.size(0); }
};

class Tile {
 public:
  explicit Tile(Shared& shared) : shared_(shared) {}

  void run() {
    const at::NoGradGuard no_grad;
    while (static_cast<std::int64_t>(owner_.size()) < shared_.rows && take()) owner_.push_back(taken_);
    if (owner_.empty()) return;
    const auto count = static_cast<std::int64_t>(owner_.size());
    const State start(shared_.start.index_select(0, tensor::from_int64s(owner_, {count})));
    const auto method = make_method(shared_.solver, Layout(start));
    const Solution done = iterate(map(), start, *method, shared_.stop, shared_.loop, {},
                                  [this](const Finished& finished) { return next(finished); });
    shared_.calls += done.calls;
    shared_.rows_evaluated += done.rows_evaluated;
  }

 private:
  bool take() {
    taken_ = shared_.next.fetch_add(1);
    return taken_ < shared_.batch();
  }

  Map map() const {
    Map tile([this](const Tensor& y, const Rows& rows) {
      const Tensor owners = tensor::from_int64s(owner_, {static_cast<std::int64_t>(owner_.size())});
      return shared_.map(y, Rows(rows.of(owners))).only();
    });
    if (const auto* cell = shared_.map.packed<float>()) {
      tile.packed_as<float>(std::make_shared<TileMap<float>>(*cell, owner_));
    }
    if (const auto* cell = shared_.map.packed<double>()) {
      tile.packed_as<double>(std::make_shared<TileMap<double>>(*cell, owner_));
    }
    return tile;
  }

  Start next(const Finished& finished) {
    std::int64_t& owner = owner_[static_cast<std::size_t>(finished.row)];
    const auto at = static_cast<std::size_t>(owner);
    copy_row(finished.best, finished.row, shared_.best, owner);
    shared_.solution.status[at] = finished.status;
    shared_.solution.iterations[at] = finished.iterations;
    shared_.solution.residual[at] = finished.residual;
    shared_.solution.relative[at] = finished.relative;
    if (!take()) return {};
    owner = taken_;
    return {shared_.start, taken_};
  }

  Shared& shared_;
  std::vector<std::int64_t> owner_;  // [row of the tile] the sample that it solves
  std::int64_t taken_ = -1;
};

}  // namespace

bool solves_by_tiles(const Map& map, const State& y0, const Solver& solver, const Stop& stop, const Loop& loop,
                     const TraceOptions& trace) {
  const auto* anderson = std::get_if<Anderson>(&solver);
  const bool plain = std::holds_alternative<Picard>(solver) || (anderson != nullptr && anderson->type == 2);
  if (!loop.tiles || !loop.compact || !plain || !map.compactable() || std::isfinite(stop.seconds)) return false;
  if (trace.residuals || !trace.keep.empty() || y0.parts().size() != 1 || !y0[0].is_cpu()) return false;
  const at::ScalarType type = y0[0].scalar_type();
  if (!fits(map.packed<float>(), type) && !fits(map.packed<double>(), type)) return false;
  return y0.batch() > rows_of_tile(Layout(y0), solver);
}

Solution solve_tiles(const Map& map, const State& y0, const Solver& solver, const Stop& stop, const Loop& loop) {
  const base::Timer timer;
  const Layout layout(y0);
  const std::int64_t workers = at::get_num_threads();
  Shared shared{map, y0.detach().flat().contiguous(), solver, stop, loop};
  shared.rows = std::min(rows_of_tile(layout, solver), (layout.batch + workers - 1) / workers);
  shared.best = at::empty_like(shared.start);
  const auto batch = static_cast<std::size_t>(layout.batch);
  Solution& solution = shared.solution;
  solution.status.resize(batch);
  solution.iterations.resize(batch);
  solution.residual.resize(batch);
  solution.relative.resize(batch);
  solution.products.resize(batch);

  at::parallel_for(0, workers, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t worker = begin; worker < end; ++worker) Tile(shared).run();
  });

  solution.y = y0.with_flat(shared.best);
  solution.calls = shared.calls;
  solution.rows_evaluated = shared.rows_evaluated;
  solution.product_calls = 0;
  solution.seconds = timer.seconds();
  solution.message =
      message_of(solution, stop, layout.options, tensor::epsilon_of(layout.options.dtype().toScalarType()));
  return std::move(solution);
}

}  // namespace fathom::solve
