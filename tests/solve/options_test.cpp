#include "fathom/solve/options.h"

#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "fathom/base/error.h"

namespace fathom::solve {
namespace {

template <class Options>
bool names(const std::string& method) {
  SolverChoice choice;
  base::fields_of(choice).set("method", method);
  return std::holds_alternative<Options>(choice.solver());
}

TEST(SolverChoice, NamesEverySolver) {
  EXPECT_TRUE(names<Picard>("picard"));
  EXPECT_TRUE(names<Anderson>("anderson"));
  EXPECT_TRUE(names<Broyden>("broyden"));
  EXPECT_TRUE(names<NewtonKrylov>("newton_krylov"));
  EXPECT_TRUE(names<Escalate>("escalate"));
  EXPECT_TRUE(names<Reversible>("reversible"));
  EXPECT_THROW(names<Picard>("newton"), UsageError);
}

TEST(SolverChoice, EscalateUsesTheOptionsOfItsStages) {
  SolverChoice choice;
  const auto list = base::fields_of(choice);
  list.set("method", "escalate");
  list.set("picard.damping", "0.5");
  list.set("anderson.depth", "9");
  list.set("newton_krylov.jvp", "finite_difference");
  list.set("escalate.anderson", "0.25");
  const auto solver = std::get<Escalate>(choice.solver());
  EXPECT_EQ(solver.picard.damping, .5);
  EXPECT_EQ(solver.anderson.depth, 9);
  EXPECT_EQ(solver.newton_krylov.jvp, "finite_difference");
  EXPECT_EQ(solver.share.anderson, .25);
}

TEST(SolverOptions, AreCheckedAgainstTheirBounds) {
  const auto set = [](auto options, const char* name, const char* value) { base::fields_of(options).set(name, value); };
  EXPECT_THROW(set(Anderson{}, "type", "3"), UsageError);
  EXPECT_THROW(set(Broyden{}, "memory", "0"), UsageError);
  EXPECT_THROW(set(NewtonKrylov{}, "jvp", "forward"), UsageError);
  EXPECT_THROW(set(NewtonKrylov{}, "forcing_max", "1"), UsageError);
  EXPECT_THROW(set(Escalate{}, "share.picard", "0"), UsageError);
  EXPECT_THROW(set(Reversible{}, "damping", "1"), UsageError);
}

}  // namespace
}  // namespace fathom::solve
