#include "fathom/solve/stream.h"

#include <utility>

#include <ATen/ops/cat.h>

#include "fathom/base/error.h"
#include "fathom/base/timer.h"
#include "fathom/solve/iterate.h"
#include "fathom/solve/validate.h"

namespace fathom::solve {

namespace {

bool same_row(const Tensor& a, const Tensor& b) {
  return a.defined() && a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && a.device() == b.device();
}

class Stream {
 public:
  Stream(const StreamMap& map, const Source& source, const Sink& sink) : map_(map), source_(source), sink_(sink) {}

  StreamReport run(const Solver& solver, const Stop& stop, const StreamOptions& options) {
    const State y0 = fill(options.slots);
    if (!y0.defined()) return report_;
    const auto method = make_method(solver, Layout(y0));
    const Map map([this](const State& y, const Rows& rows) { return evaluate(y, rows); });
    const Solution solution =
        iterate(map, y0, *method, stop, options.loop, {}, [this](const Finished& done) { return next(done); });
    report_.calls = solution.calls;
    report_.rows_evaluated = solution.rows_evaluated;
    return report_;
  }

 private:
  State evaluate(const State& y, const Rows& rows) const {
    if (rows.all()) return map_(y, context_);
    std::vector<Tensor> context;
    for (const Tensor& of_all : context_) context.push_back(rows.of(of_all));
    return map_(y, context);
  }

  std::optional<Sample> take() {
    std::optional<Sample> sample = source_();
    if (!sample) return sample;
    if (!sample->y0.defined() || sample->y0.batch() != 1) {
      base::fail("solve::stream", "sample {} must have a start of one row", report_.samples);
    }
    if (!first_.y0.defined()) first_ = *sample;
    bool fits = sample->y0.same_layout(first_.y0) && sample->context.size() == first_.context.size() &&
                same_row(sample->y0[0].flatten(), first_.y0[0].flatten());
    for (std::size_t i = 0; fits && i < first_.context.size(); ++i) {
      fits = same_row(sample->context[i], first_.context[i]);
    }
    if (!fits) {
      base::fail("solve::stream", "sample {} differs in shape, dtype or device from the first; sort them into streams",
                 report_.samples);
    }
    ++report_.samples;
    return sample;
  }

  // The first samples, one a row.
  State fill(std::int64_t slots) {
    std::vector<std::vector<Tensor>> parts, context;
    while (static_cast<std::int64_t>(owner_.size()) < slots) {
      const std::optional<Sample> sample = take();
      if (!sample) break;
      owner_.push_back(report_.samples - 1);
      parts.resize(sample->y0.parts().size());
      context.resize(sample->context.size());
      for (std::size_t i = 0; i < parts.size(); ++i) parts[i].push_back(sample->y0[i].detach());
      for (std::size_t i = 0; i < context.size(); ++i) context[i].push_back(sample->context[i].detach());
    }
    if (owner_.empty()) return {};
    for (const std::vector<Tensor>& rows : context) context_.push_back(at::cat(rows, 0));
    std::vector<Tensor> y0;
    for (const std::vector<Tensor>& rows : parts) y0.push_back(at::cat(rows, 0));
    return State(std::move(y0));
  }

  Start next(const Finished& done) {
    deliver(done);
    if (done.status == Status::budget) drained_ = true;
    if (drained_) return {};
    const std::optional<Sample> sample = take();
    if (!sample) {
      drained_ = true;
      return {};
    }
    owner_[done.row] = report_.samples - 1;
    for (std::size_t i = 0; i < context_.size(); ++i) context_[i][done.row].copy_(sample->context[i][0]);
    return {sample->y0.flat().detach(), 0};
  }

  void deliver(const Finished& done) {
    report_.iterations += done.iterations;
    report_.converged += done.status == Status::converged;
    sink_({owner_[done.row], first_.y0.with_flat(done.best.narrow(0, done.row, 1).clone()), done.status,
           done.iterations, done.products, done.residual, done.relative, done.stage});
  }

  const StreamMap& map_;
  const Source& source_;
  const Sink& sink_;
  Sample first_;
  std::vector<Tensor> context_;      // (slots, ...), by row
  std::vector<std::int64_t> owner_;  // [row] the sample it solves
  bool drained_ = false;             // the source is not asked again
  StreamReport report_;
};

}  // namespace

StreamReport stream(const StreamMap& map, const Source& source, const Sink& sink, const Solver& solver,
                    const Stop& stop, const StreamOptions& options) {
  std::visit([](const auto& of_solver) { validate(of_solver); }, solver);
  validate(stop);
  validate(options);
  const base::Timer timer;
  StreamReport report = Stream(map, source, sink).run(solver, stop, options);
  report.seconds = timer.seconds();
  return report;
}

}  // namespace fathom::solve
