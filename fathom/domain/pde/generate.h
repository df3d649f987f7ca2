// Pairs of a forcing and a steady flow, drawn from a seed: pair i depends on (seed, name, i) and on nothing else, so
// that any number of them can be drawn in any order and on any number of threads.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fathom/domain/pde/flow.h"
#include "fathom/domain/pde/generate_options.h"

namespace fathom::pde {

struct Pair {
  std::vector<double> forcing;                             // (2, N, N): f1 along x, f2 along y
  std::vector<double> vorticity;                           // (N, N)
  bool solved = false;                                     // false: the flow is where the path ended, of no use
  double residual = 1;                                     // ||u.grad w - nu lap w - curl f|| / ||curl f||, in double
  double amplitude = 0;                                    // of the forcing that was reached; 1 when solved
  std::int64_t solves = 0, evaluations = 0, products = 0;  // as in Steady; 0 where nothing is solved
  double seconds = 0;                                      // of one core
};

class Generator {
 public:
  // Errors (fathom::Error): options out of their bounds; a forcing or a flow without a wave below grid / 3.
  Generator(const GenerateOptions& options, std::uint64_t seed, std::string_view name);

  const Flow& flow() const { return flow_; }
  Pair draw(std::uint64_t index) const;  // may be called from several threads
  // `count` pairs from `first` on, in parallel (OpenMP).
  std::vector<Pair> draw(std::uint64_t first, std::int64_t count) const;

 private:
  Pair solved(std::uint64_t seed) const;
  Pair manufactured(std::uint64_t seed) const;
  std::vector<double> random_modes(std::uint64_t seed, const std::vector<double>& amplitude) const;

  GenerateOptions options_;
  std::uint64_t seed_;
  std::string name_;
  Flow flow_;
  std::vector<double> spectrum_;  // amplitude of every coefficient: of curl f, or of the first flow's vorticity
};

}  // namespace fathom::pde
