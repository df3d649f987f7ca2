// Solvers go on with the memory of what a map returns, unless it is somebody else's as well.
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include "fathom/solve/fixed_point.h"
#include "tests/support/problems.h"
#include "tests/support/solvers.h"
#include "tests/support/tanh_cell.h"

namespace fathom::solve {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): the table of problems

struct Lender {
  std::string name;
  std::function<Tensor(const Tensor& g)> lend;
};

// Whoever returns memory that lives on: the same tensor again and again, a view of one, a view of foreign memory.
std::vector<Lender> lenders() {
  const auto kept = std::make_shared<Tensor>(), wider = std::make_shared<Tensor>();
  const auto foreign = std::make_shared<std::vector<double>>();
  const auto fill = [](Tensor& to, const Tensor& g) {
    if (!to.defined() || to.sizes() != g.sizes()) to = at::empty_like(g);
    return to.copy_(g);
  };
  return {{"the same tensor", [=](const Tensor& g) { return fill(*kept, g); }},
          {"a view",
           [=](const Tensor& g) {
             return fill(*wider, at::cat({g, g})).narrow(0, 0, g.size(0));
           }},
          {"memory lent", [=](const Tensor& g) {
             foreign->resize(g.numel());
             const Tensor lent = at::from_blob(foreign->data(), g.sizes(), g.options());
             lent.copy_(g);
             return lent;
           }}};
}

TEST(MemoryOfAMap, ThatItKeepsIsNeitherWrittenNorTakenForThePointBefore) {
  const Problem problem = tanh_cell(5, 12, .9, at::kDouble);
  for (const auto& [name, solver] : every_solver()) {
    const Solution fresh = fixed_point(problem.map, problem.y0, solver, {.rtol = 1e-9, .max_iter = 400}).require();
    for (const Lender& lender : lenders()) {
      SCOPED_TRACE(name + ", " + lender.name);
      Tensor last, copy;
      const Map lending([&](const Tensor& y, const Rows& rows) {
        EXPECT_TRUE(!last.defined() || at::equal(last, copy)) << "written to between two calls";
        last = lender.lend(problem.map(y, rows).only());
        copy = last.clone();
        return last;
      });
      const Solution solution = fixed_point(lending, problem.y0, solver, {.rtol = 1e-9, .max_iter = 400}).require();
      EXPECT_EQ(solution.iterations, fresh.iterations);
      EXPECT_TRUE(at::equal(solution.y.only(), fresh.y.only()));
    }
  }
}

TEST(MemoryOfAMap, IsThatOfItsArgumentWhereItReturnsIt) {
  const Tensor start = at::linspace(0, 1, 12, on(at::kDouble)).view({3, 4});
  const Map identity([](const Tensor& y, const Rows&) { return y; });
  for (const auto& [name, solver] : every_solver()) {
    SCOPED_TRACE(name);
    const Solution solution = fixed_point(identity, start, solver).require();
    EXPECT_EQ(solution.calls, 1);
    EXPECT_TRUE(at::equal(solution.y.only(), start));
  }
}

// Finite differences evaluate a packed map many times between two iterates of the rows that do not need them.
TEST(MemoryOfAMap, OfAPackedOneSurvivesTheProductsOfOtherRows) {
  at::manual_seed(5);
  const Tensor weight = symmetric(24, .97, at::kDouble), input = at::randn({6, 24}, on(at::kDouble));
  const Escalate solver{.share = {.picard = .02, .anderson = .03}, .newton_krylov = {.jvp = "finite_difference"}};
  const Stop stop{.rtol = 1e-10, .max_iter = 400};
  const Solution generic = fixed_point(tanh_map(weight, input), at::zeros_like(input), solver, stop).require();
  const Solution packed =
      fixed_point(packed_tanh_map<double>(weight, input), at::zeros_like(input), solver, stop).require();
  EXPECT_LE((packed.y.only() - generic.y.only()).abs().max().item<double>(), 1e-8);
  EXPECT_GT(packed.product_calls, 0);
}

}  // namespace
}  // namespace fathom::solve
