// Implicit training needs the memory of one taped G, whatever the number of iterations.
#include <gtest/gtest.h>

#include <cmath>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fathom/base/log.h"
#include "fathom/diff/equilibrium.h"
#include "fathom/tensor/device.h"
#include "tests/diff/cell.h"
#include "tests/support/gradcheck.h"
#include "tests/support/memory.h"

namespace fathom::diff {
namespace {

using namespace testing_support;

// The cell with a tremor, so that no solve of it ever gets to stop early; J is that of the cell.
Map trembling(const Cell& cell) {
  return Map([cell, t = 0.0](const Tensor& y, const Rows& rows) mutable {
    return cell.map()(y, rows).only() + 1e-3 * std::sin(t += 1);
  });
}

// One forward and backward pass of exactly `iterations` steps.
void training_step(const Cell& cell, const Gradient& gradient, const solve::Solver& solver, std::int64_t iterations) {
  const solve::Stop stop{.rtol = 0, .max_iter = iterations, .patience = iterations + 1, .divergence = 1e9};
  const Equilibrium e = equilibrium(trembling(cell), cell.start(), solver, gradient, stop);
  EXPECT_EQ(e.solution.calls, iterations);
  loss_of(e.y.only()).backward();
}

Cell trainable(std::int64_t batch, std::int64_t width) {
  Cell cell = Cell::random(batch, width, 0.9, at::kFloat);
  cell.require_grad();
  return cell;
}

std::int64_t peak_bytes(const Gradient& gradient, const solve::Solver& solver, std::int64_t iterations) {
  const Cell cell = trainable(32, 64);
  const MemoryCounter memory;
  training_step(cell, gradient, solver, iterations);
  return memory.peak();
}

TEST(ConstantMemory, TensorBytesOfAnImplicitStepDoNotGrowWithTheIterations) {
  for (const solve::Solver& solver : {solve::Solver(solve::Picard{}), solve::Solver(solve::Anderson{})}) {
    for (const char* adjoint : {"picard", "anderson", "gmres"}) {
      const Implicit options{.adjoint = adjoint, .rtol = 1e-3};
      const auto ten = static_cast<double>(peak_bytes(options, solver, 10));
      for (const std::int64_t iterations : {100, 1000}) {
        EXPECT_NEAR(static_cast<double>(peak_bytes(options, solver, iterations)), ten, 0.1 * ten)
            << adjoint << " " << iterations;
      }
    }
  }
}

// y = .999 Q y + c with a rotation Q: no adjoint solver is done with it in a hundred products.
std::int64_t adjoint_peak_bytes(const Implicit& options) {
  at::manual_seed(2);
  const Tensor Q = std::get<0>(at::linalg_qr(at::randn({128, 128}, at::kDouble))),
               c = at::randn({16, 128}, at::kDouble).requires_grad_(true);
  const MemoryCounter memory;
  const Equilibrium e = equilibrium([&](const Tensor& y) { return 0.999 * at::linear(y, Q) + c; },
                                    at::zeros_like(c).detach(), solve::Picard{}, options, {.max_iter = 5});
  e.y.only().sum().backward();
  EXPECT_GE(e.adjoint->calls, options.max_iter);
  return memory.peak();
}

TEST(ConstantMemory, TensorBytesOfTheAdjointDoNotGrowWithItsIterations) {
  base::set_level(base::Level::quiet);
  for (const char* adjoint : {"picard", "anderson", "gmres"}) {
    const auto bytes = [&](std::int64_t products) {
      return static_cast<double>(
          adjoint_peak_bytes({.adjoint = adjoint, .rtol = 1e-14, .max_iter = products, .restart = 10}));
    };
    EXPECT_NEAR(bytes(100), bytes(12), 0.1 * bytes(12)) << adjoint;
  }
  base::set_level(base::Level::info);
}

TEST(ConstantMemory, UnrollingGrowsLinearlyAndPhantomWithItsSteps) {
  const auto unrolled = [](std::int64_t steps) {
    return static_cast<double>(peak_bytes(Unrolled{steps}, solve::Picard{}, steps));
  };
  EXPECT_NEAR((unrolled(1000) - unrolled(100)) / (unrolled(100) - unrolled(10)), 10, 0.5);
  const auto phantom = [](std::int64_t steps) {
    return static_cast<double>(peak_bytes(Phantom{.steps = steps, .damping = 1}, solve::Picard{}, 50));
  };
  EXPECT_NEAR((phantom(80) - phantom(40)) / (phantom(40) - phantom(20)), 2, 0.2);
  const auto truncated = [](std::int64_t steps) {
    return static_cast<double>(peak_bytes(Truncated{.steps = steps, .last = 4}, solve::Picard{}, steps));
  };
  EXPECT_NEAR(truncated(1000), truncated(10), 0.1 * truncated(10));
}

TEST(ConstantMemory, TheSeriesAndTheChoiceOfItDoNotGrowWithTheIterations) {
  for (const Gradient& gradient : {Gradient(Neumann{50}), Gradient(Adaptive{.rtol = 1e-3})}) {
    const auto ten = static_cast<double>(peak_bytes(gradient, solve::Picard{}, 10));
    EXPECT_NEAR(static_cast<double>(peak_bytes(gradient, solve::Picard{}, 1000)), ten, 0.1 * ten);
  }
  const auto ten = static_cast<double>(peak_bytes(Neumann{10}, solve::Picard{}, 50));
  EXPECT_NEAR(static_cast<double>(peak_bytes(Neumann{100}, solve::Picard{}, 50)), ten, 0.1 * ten);
}

// One state is 32 x 64 floats. Four times the steps need twice the states, or as many as are asked for.
TEST(SmallMemory, CheckpointedStoresTheRootOfTheStepsInStates) {
  constexpr double kState = 32 * 64 * 4;
  const auto bytes = [](std::int64_t steps, std::int64_t kept) {
    const Cell cell = trainable(32, 64);
    const MemoryCounter memory;
    loss_of(equilibrium(cell.map(), cell.start(), solve::Picard{}, Checkpointed{steps, kept}).y.only()).backward();
    return static_cast<double>(memory.peak()) / kState;
  };
  const double small = bytes(100, 0), large = bytes(400, 0), huge = bytes(1600, 0);
  EXPECT_NEAR(large - small, 2 * (20 - 10), 3);  // 2 sqrt T: checkpoints and the states of a segment
  EXPECT_NEAR(huge - large, 2 * (40 - 20), 3);
  EXPECT_LT(huge, 2 * 40 + 30);
  EXPECT_NEAR(bytes(400, 40) - bytes(400, 10), (40 + 10) - (10 + 40), 3);
  EXPECT_NEAR(bytes(400, 100) - bytes(400, 20), (100 + 4) - (20 + 20), 3);
}

TEST(SmallMemory, ReversibleStoresNothingButItsCheckpoints) {
  constexpr double kState = 32 * 64 * 8;
  const auto bytes = [](const Reversible& options) {
    Cell cell = Cell::random(32, 64, 0.9);
    cell.require_grad();
    const MemoryCounter memory;
    loss_of(equilibrium(cell.map(), cell.start(), solve::Picard{}, options).y.only()).backward();
    return static_cast<double>(memory.peak()) / kState;
  };
  base::set_level(base::Level::quiet);
  const double ten = bytes({.steps = 10, .every = 1000});
  EXPECT_NEAR(bytes({.steps = 100, .every = 1000}), ten, 1);
  EXPECT_NEAR(bytes({.steps = 1000, .every = 1000}), ten, 1);
  base::set_level(base::Level::info);
  EXPECT_NEAR(bytes({.steps = 1000, .every = 10}) - bytes({.steps = 1000, .every = 50}), 2 * (100 - 20), 4);
}

TEST(ConstantMemory, NothingIsLeftAfterAStep) {
  const Cell cell = trainable(16, 32);
  training_step(cell, Implicit{}, solve::Anderson{}, 5);  // makes the gradients
  for (const Gradient& gradient : {Gradient(Implicit{}), Gradient(JacobianFree{}), Gradient(Phantom{}),
                                   Gradient(Unrolled{5}), Gradient(Neumann{}), Gradient(Adaptive{})}) {
    const MemoryCounter memory;
    for (int step = 0; step < 20; ++step) training_step(cell, gradient, solve::Anderson{}, 5);
    EXPECT_EQ(memory.live(), 0);
    EXPECT_GT(memory.peak(), 0);
  }
}

TEST(ConstantMemory, NothingIsLeftAfterStepsThatAreComputedAgain) {
  const Cell cell = trainable(16, 32);
  training_step(cell, Implicit{}, solve::Anderson{}, 5);
  for (const Gradient& gradient : {Gradient(Checkpointed{9}), Gradient(Reversible{.steps = 9})}) {
    const MemoryCounter memory;
    for (int step = 0; step < 5; ++step) {
      loss_of(equilibrium(cell.map(), cell.start(), solve::Picard{}, gradient).y.only()).backward();
    }
    equilibrium(cell.map(), cell.start(), solve::Picard{}, gradient);  // a graph that is never used
    EXPECT_EQ(memory.live(), 0);
    EXPECT_GT(memory.peak(), 0);
  }
}

TEST(ConstantMemory, NothingIsLeftAfterASecondDerivative) {
  const Inputs inputs = leaves(Cell::random(4, 8, 0.7).inputs());
  const Scalar loss = [](const Inputs& in) {
    return loss_of(equilibrium(Cell::of(in).map(), Cell::of(in).start()).y.only());
  };
  const Scalar slope = directional(loss, inputs);
  gradient(slope, inputs);
  const MemoryCounter memory;
  for (int step = 0; step < 20; ++step) gradient(slope, inputs);
  EXPECT_EQ(memory.live(), 0);
  EXPECT_GT(memory.peak(), 0);
}

TEST(ConstantMemory, NothingIsLeftOfAGraphThatIsNeverUsed) {
  const Cell cell = trainable(16, 32);
  const MemoryCounter memory;
  for (int step = 0; step < 20; ++step) equilibrium(cell.map(), cell.start());
  EXPECT_EQ(memory.live(), 0);
}

// Peak resident memory of a process that does `steps` training steps, in kB, measured in a child.
long peak_resident(std::int64_t iterations, const Gradient& gradient) {
  int channel[2];
  if (pipe(channel) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    tensor::set_threads(1);  // the parent's worker threads do not exist here
    const Cell cell = trainable(512, 256);
    for (int step = 0; step < 3; ++step) training_step(cell, gradient, solve::Anderson{}, iterations);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const bool sent = write(channel[1], &usage.ru_maxrss, sizeof usage.ru_maxrss) == sizeof usage.ru_maxrss;
    _exit(sent ? 0 : 1);
  }
  close(channel[1]);
  long kilobytes = -1;
  const bool received = read(channel[0], &kilobytes, sizeof kilobytes) == sizeof kilobytes;
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return received ? kilobytes : -1;
}

TEST(ResidentMemory, OfImplicitTrainingDoesNotGrowWithTheIterations) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer keeps what was freed, so resident memory says nothing";
#endif
  const Implicit options{.rtol = 1e-2};
  const long ten = peak_resident(10, options), many = peak_resident(200, options);
  ASSERT_GT(ten, 0);
  ASSERT_GT(many, 0);
  EXPECT_LE(static_cast<double>(many), 1.3 * static_cast<double>(ten));
  // 200 taped states of 512 x 256 floats, half a megabyte each.
  EXPECT_GT(peak_resident(200, Unrolled{200}), many + 95 * 1024);
}

}  // namespace
}  // namespace fathom::diff
