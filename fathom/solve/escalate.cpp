#include "fathom/solve/escalate.h"

#include <array>
#include <string_view>
#include <vector>

#include "fathom/solve/anderson.h"
#include "fathom/solve/newton_krylov.h"
#include "fathom/solve/picard.h"
#include "fathom/solve/row_tensors.h"

namespace fathom::solve {

namespace {

constexpr std::array<std::string_view, 3> kStages{"picard", "anderson", "newton_krylov"};

class EscalateMethod final : public Method {
 public:
  EscalateMethod(const Escalate& options, const Layout& layout, Arithmetic arithmetic)
      : share_(options.share),
        methods_{make_picard(options.picard, layout, arithmetic), make_anderson(options.anderson, layout, arithmetic),
                 make_newton_krylov(options.newton_krylov, layout)},
        stage_(layout.batch, 0),
        spent_(layout.batch, 0),
        moves_(layout.batch, false) {}

  void begin(Evaluation& evaluation, const Stop& stop) override {
    for (const auto& method : methods_) method->begin(evaluation, stop);
    const auto most = static_cast<double>(stop.max_iter);
    allowed_ = {share_.picard * most, share_.anderson * most};
  }

  void measure(std::span<const LiveRow> rows, const Tensor& y, const Tensor& g,
               std::vector<Squares>& squares) override {
    for (auto& part : parts_) part.clear();
    for (const LiveRow& live : rows) {
      parts_[stage_[live.row]].push_back(live);
      ++spent_[live.row];
    }
    for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
      if (parts_[stage].empty()) continue;
      methods_[stage]->start_iteration();
      methods_[stage]->measure(parts_[stage], y, g, squares);
    }
  }

  bool can_roll_back(std::int64_t row) const override { return methods_[stage_[row]]->can_roll_back(row); }

  bool starts_over(std::int64_t row, Status verdict) override {
    const std::size_t stage = stage_[row];
    if (stage + 1 == kStages.size()) return false;
    const bool spent = static_cast<double>(spent_[row]) >= allowed_[stage];
    moves_[row] = spent || verdict != Status::running;
    return moves_[row];
  }

  Next next() const override { return Next::beside_y; }

  void advance(std::span<LiveRow> rows, const std::vector<double>& best_residual, const Tensor& g, const Tensor& y,
               const Tensor& next, const Tensor& best) override {
    for (auto& part : parts_) part.clear();
    for (const LiveRow& live : rows) {
      LiveRow& one = parts_[stage_[live.row]].emplace_back(live);
      if (moves_[live.row]) one.running = false;  // for its stage the row ends here
    }
    for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
      if (!parts_[stage].empty()) advance_stage(stage, best_residual, g, y, next, best);
    }
    for (const LiveRow& live : rows) {
      if (moves_[live.row]) hand_on(live, next, best);
    }
  }

  void restart(const LiveRow& live) override {
    stage_[live.row] = spent_[live.row] = 0;
    methods_[0]->restart(live);
  }

  std::string_view stage(std::int64_t row) const override { return kStages[stage_[row]]; }

  void gather(const Tensor& slots) override {
    for (const auto& method : methods_) method->gather(slots);
  }

 private:
  void advance_stage(std::size_t stage, const std::vector<double>& best_residual, const Tensor& g, const Tensor& y,
                     const Tensor& next, const Tensor& best) {
    const bool over_y = methods_[stage]->next() == Next::over_y;
    methods_[stage]->advance(parts_[stage], best_residual, g, y, over_y ? y : next, best);
    if (!over_y) return;
    for (const LiveRow& live : parts_[stage]) copy_row(y, live.slot, next, live.slot);
  }

  void hand_on(const LiveRow& live, const Tensor& next, const Tensor& best) {
    moves_[live.row] = false;
    spent_[live.row] = 0;
    copy_row(best, live.row, next, live.slot);
    methods_[++stage_[live.row]]->restart(live);
  }

  EscalateShares share_;
  std::array<std::unique_ptr<Method>, 3> methods_;
  std::array<std::vector<LiveRow>, 3> parts_;  // the live rows by stage
  std::array<double, 2> allowed_{};            // iterations in a stage
  std::vector<std::size_t> stage_;             // [row]
  std::vector<std::size_t> spent_;             // [row] iterations in its stage
  std::vector<char> moves_;                    // [row] to the next stage, in this iteration
};

}  // namespace

std::unique_ptr<Method> make_escalate(const Escalate& options, const Layout& layout, Arithmetic arithmetic) {
  return std::make_unique<EscalateMethod>(options, layout, arithmetic);
}

}  // namespace fathom::solve
