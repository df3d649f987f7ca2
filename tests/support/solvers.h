// Every solver by name, for tests of what all of them promise.
#pragma once

#include <string>
#include <vector>

#include "fathom/solve/options.h"

namespace fathom::testing_support {

struct NamedSolver {
  std::string name;
  solve::Solver solver;
};

inline const std::vector<NamedSolver>& every_solver() {
  static const std::vector<NamedSolver> all{
      {"picard", solve::Picard{}},
      {"anderson", solve::Anderson{}},
      {"anderson type 1", solve::Anderson{.type = 1}},
      {"broyden", solve::Broyden{}},
      {"newton_krylov", solve::NewtonKrylov{}},
      {"newton_krylov by finite differences", solve::NewtonKrylov{.jvp = "finite_difference"}},
      {"escalate", solve::Escalate{}},
      {"reversible", solve::Reversible{}},
  };
  return all;
}

}  // namespace fathom::testing_support
