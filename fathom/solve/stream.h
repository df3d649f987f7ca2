// Continuous batching: a queue of samples, each solved in the first row that falls free, so that one hard sample never
// holds the others.
//
//   StreamReport report = stream(
//       [&](const State& y, const std::vector<Tensor>& context) { return at::tanh(at::linear(y.only(), W) +
//       context[0]); },
//       [&]() -> std::optional<Sample> { return next_of_queue(); },
//       [&](const Answer& answer) { keep(answer.index, answer.y); });
//
// `slots` rows are evaluated together. When one is done its answer is delivered and the next sample takes its place,
// with its own start, context, counts and history: it is solved as it would be alone. Answers come in the order in
// which they are found, each with the index of its sample in the order of the source. When the source has no more, the
// rows that are done are dropped as fixed_point does.
//
// Map      G(y, context): y (b, ...), context[i] (b, ...) the rows that belong to it. Called without gradients.
// Waste    rows evaluated beyond those counted in the answers: only at the end, while fewer rows than compaction drops
//          are idle. (newton_krylov and escalate also evaluate G for their linear systems.)
// Budget   stop.seconds is that of the whole stream: rows under way then end with status budget, and no more are taken.
// Memory   that of one batch of `slots` rows, however long the stream.
// Errors   (fathom::Error): a sample of another shape, dtype or number of context tensors than the first, or not of
//          one row; those of fixed_point.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fathom/solve/options.h"
#include "fathom/solve/solution.h"

namespace fathom::solve {

struct Sample {
  State y0;                     // one row
  std::vector<Tensor> context;  // one row each
};

struct Answer {
  std::int64_t index = -1;  // of the sample, in the order of the source
  State y;                  // one row: its best iterate
  Status status = Status::running;
  std::int64_t iterations = -1, products = -1;
  double residual = -1, relative = -1;
  std::string_view stage;  // as Solution::stage; empty but for escalate
};

struct StreamReport {
  std::int64_t samples = 0, converged = 0;
  std::int64_t calls = 0, rows_evaluated = 0;  // of G
  std::int64_t iterations = 0;                 // of all answers together: rows_evaluated without waste
  double seconds = 0;
};

using StreamMap = std::function<State(const State& y, const std::vector<Tensor>& context)>;
using Source = std::function<std::optional<Sample>()>;
using Sink = std::function<void(const Answer&)>;

struct StreamOptions {
  std::int64_t slots = 64;  // rows evaluated together
  Loop loop;

  bool operator==(const StreamOptions&) const = default;
  void fields(base::Fields& f) {
    f.add("slots", slots, {.at_least = 1}, "rows evaluated together");
    f.group("loop", loop);
  }
};

StreamReport stream(const StreamMap& map, const Source& source, const Sink& sink, const Solver& solver = Anderson{},
                    const Stop& stop = {}, const StreamOptions& options = {});

}  // namespace fathom::solve
