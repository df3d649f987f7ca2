// Random linear programs with their solutions, the same for a seed whatever the number of threads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "fathom/domain/lp/generate_options.h"
#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

enum class Protocol {
  exact,  // full precision, the minimum-norm solution
  paper,  // the vertex that the simplex method ends in, then the program's numbers rounded to 5 decimals
};

// Program number `index` of the stream `stream` (train, test, ...) under `seed`; it need not be feasible.
// Errors: nnz > m*n; options out of bounds.
Instance draw(const GenerateOptions& options, std::uint64_t seed, std::string_view stream, std::uint64_t index);

struct Drawn {
  Dataset data;
  std::int64_t draws = 0, infeasible = 0, unbounded = 0, failed = 0, large = 0;  // up to the last one kept
  std::int64_t several = 0;   // kept programs with more than one solution
  std::int64_t vertices = 0;  // of those: labelled by a vertex (all of them under Protocol::paper)

  std::int64_t kept() const { return static_cast<std::int64_t>(data.instances.size()); }
};

// The first `count` programs of the stream that have a solution. Parallel over programs (OpenMP).
// Cost: about 0.2 ms a draw at 10 x 50; half of the draws are kept. Errors: fewer than 1 in 1000 draws has a
// solution.
Drawn generate(const GenerateOptions& options, std::int64_t count, std::uint64_t seed, std::string_view stream,
               Protocol protocol);

// The counts by name, with the feasible fraction.
std::map<std::string, double> statistics(const Drawn& drawn);

}  // namespace fathom::lp
