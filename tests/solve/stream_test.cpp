#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fathom/base/error.h"
#include "fathom/solve/fixed_point.h"
#include "fathom/solve/stream.h"
#include "tests/support/close.h"
#include "tests/support/problems.h"
#include "tests/support/solvers.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems
using testing::Each;

// tanh(W y + x) for a queue of injections x, every seventh of them hard.
struct Queue {
  Tensor weight, injection;
  std::size_t taken = 0;
  std::vector<Answer> answers;

  explicit Queue(std::int64_t samples, at::ScalarType type = at::kDouble) {
    at::manual_seed(41);
    weight = symmetric(12, .95, type);
    injection = at::randn({samples, 12}, on(type));
    for (std::int64_t b = 0; b < samples; b += 7) injection[b].mul_(1e-3);  // in the linear range: slow
  }
  StreamMap map() const {
    return [W = weight](const State& y, const std::vector<Tensor>& context) {
      return at::tanh(at::mm(y.only(), W) + context[0]);
    };
  }
  Source source() {
    return [this]() -> std::optional<Sample> {
      if (static_cast<std::int64_t>(taken) == injection.size(0)) return {};
      const Tensor x = injection.narrow(0, static_cast<std::int64_t>(taken++), 1);
      return Sample{at::zeros_like(x), {x}};
    };
  }
  Sink sink() {
    return [this](const Answer& answer) { answers.push_back(answer); };
  }
  Solution alone(std::int64_t sample, const Solver& solver, const Stop& stop) const {
    const Tensor x = injection.narrow(0, sample, 1);
    return fixed_point(Map([&](const Tensor& y) { return at::tanh(at::mm(y, weight) + x); }), at::zeros_like(x), solver,
                       stop);
  }
};

TEST(Stream, GivesEverySampleTheAnswerItHasAlone) {
  const Stop stop{.rtol = 1e-8, .max_iter = 1000};
  for (const auto& [name, solver] : every_solver()) {
    for (const std::int64_t slots : {1, 5, 64}) {
      SCOPED_TRACE(name + " in " + std::to_string(slots) + " slots");
      Queue queue(30);
      const StreamReport report = stream(queue.map(), queue.source(), queue.sink(), solver, stop, {.slots = slots});
      EXPECT_EQ(report.samples, 30);
      EXPECT_EQ(report.converged, 30);
      ASSERT_EQ(queue.answers.size(), 30U);
      std::vector<bool> seen(30, false);
      for (const Answer& answer : queue.answers) {
        EXPECT_FALSE(seen[answer.index]);
        seen[answer.index] = true;
        const Solution alone = queue.alone(answer.index, solver, stop);
        EXPECT_TRUE(close(answer.y.only(), alone.y.only(), Tol::of(at::kDouble).plus(2e-8 * 4 / (1 - .95))));
        EXPECT_NEAR(static_cast<double>(answer.iterations), static_cast<double>(alone.iterations[0]), 2);
        EXPECT_EQ(answer.status, Status::converged);
      }
    }
  }
}

TEST(Stream, OneHardSampleNeverHoldsTheOthers) {
  Queue queue(200);
  const StreamReport report =
      stream(queue.map(), queue.source(), queue.sink(), Picard{}, {.rtol = 1e-7, .max_iter = 1000}, {.slots = 16});
  EXPECT_EQ(report.converged, 200);
  EXPECT_LT(report.rows_evaluated - report.iterations, report.rows_evaluated / 20) << "wasted evaluations";
  // Batch after batch of 16 without it, the slowest of each holds the rest.
  std::int64_t batches = 0;
  std::vector<std::int64_t> iterations(200);
  for (const Answer& answer : queue.answers) iterations[answer.index] = answer.iterations;
  for (std::size_t first = 0; first < 200; first += 16) {
    batches +=
        *std::max_element(iterations.begin() + first, iterations.begin() + std::min<std::size_t>(first + 16, 200));
  }
  EXPECT_LT(report.calls, .8 * batches);
}

TEST(Stream, ARowThatFailsLeavesNothingBehind) {
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    Queue queue(20);
    for (const std::int64_t bad : {0, 3, 4, 11}) queue.injection[bad][2] = NAN;
    const StreamReport report =
        stream(queue.map(), queue.source(), queue.sink(), solver, {.rtol = 1e-7, .max_iter = 1000}, {.slots = 4});
    EXPECT_EQ(report.samples, 20);
    EXPECT_EQ(report.converged, 16);
    for (const Answer& answer : queue.answers) {
      const bool bad = at::isnan(queue.injection[answer.index]).any().item<bool>();
      EXPECT_EQ(answer.status, bad ? Status::nonfinite : Status::converged) << answer.index;
    }
  }
}

TEST(Stream, StatesOfSeveralPartsAndNoContext) {
  const StreamMap map = [](const State& y, const std::vector<Tensor>&) {
    return State(std::vector<Tensor>{.5 * y[0] + 1, .1 * y[1] + .2});
  };
  std::int64_t taken = 0;
  std::vector<double> worst;
  const auto source = [&]() -> std::optional<Sample> {
    if (taken == 9) return {};
    const double from = static_cast<double>(taken++);
    return Sample{State(std::vector<Tensor>{at::full({1, 2, 2}, from), at::full({1, 3}, -from)}), {}};
  };
  const auto sink = [&](const Answer& answer) {
    worst.push_back((answer.y[0] - 2).abs().max().item<double>() + (answer.y[1] - .2 / .9).abs().max().item<double>());
  };
  EXPECT_EQ(stream(map, source, sink, Picard{}, {}, {.slots = 2}).converged, 9);
  EXPECT_THAT(worst, Each(testing::Lt(1e-4)));
}

TEST(Stream, AnEmptySourceIsDoneAtOnce) {
  const StreamReport report = stream([](const State& y, const std::vector<Tensor>&) { return y; },
                                     []() -> std::optional<Sample> { return {}; }, [](const Answer&) { FAIL(); });
  EXPECT_EQ(report.samples, 0);
  EXPECT_EQ(report.calls, 0);
}

TEST(Stream, RefusesSamplesThatDoNotFit) {
  const auto run = [](const std::vector<Sample>& samples) {
    std::size_t next = 0;
    stream([](const State& y, const std::vector<Tensor>&) { return State(.5 * y.only()); },
           [&]() -> std::optional<Sample> {
             if (next == samples.size()) return {};
             return samples[next++];
           },
           [](const Answer&) {}, Picard{}, {}, {.slots = 1});
  };
  EXPECT_NO_THROW(run({{at::ones({1, 3}), {}}, {at::ones({1, 3}), {}}}));
  EXPECT_THROW(run({{at::ones({2, 3}), {}}}), Error);
  EXPECT_THROW(run({{at::ones({1, 3}), {}}, {at::ones({1, 4}), {}}}), Error);
  EXPECT_THROW(run({{at::ones({1, 3}), {}}, {at::ones({1, 3}, on(at::kDouble)), {}}}), Error);
  EXPECT_THROW(run({{at::ones({1, 3}), {at::ones({1})}}, {at::ones({1, 3}), {}}}), Error);
}

}  // namespace
}  // namespace fathom::solve
