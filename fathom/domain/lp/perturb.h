// One part of a linear program moved a little: how the study probes the Lipschitz constant of a model.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fathom/domain/lp/instance.h"

namespace fathom::lp {

enum class Target { A, b, c, l, u };
inline constexpr std::array kTargets = {Target::A, Target::b, Target::c, Target::l, Target::u};
std::string_view to_string(Target target);

struct Perturbed {
  Instance instance;
  double size = 0;  // ||p' - p||_2 over all the numbers that changed
};

// Adds Gaussian noise scaled to l2 norm `norm` to the nonzeros of A, or to b, c, l or u (finite bounds only; where l
// would pass u it stops there). Full precision. Errors: norm outside (0, 1e50].
Perturbed perturb(const Instance& instance, Target target, double norm, std::uint64_t seed);

// The programs of a data set perturbed, with their own minimum-norm solutions.
struct PerturbedSet {
  Dataset data;
  std::vector<std::size_t> source;    // data.instances[k] comes from instance source[k] of the clean set
  std::vector<double> size;           // ||p' - p||_2 of each
  std::int64_t without_solution = 0;  // those that the perturbation made infeasible or unbounded: left out
};

// Program k is perturbed with the stream (seed, name of the target, k), labelled in parallel (OpenMP).
PerturbedSet perturb_and_label(const Dataset& clean, Target target, double norm, std::uint64_t seed);

}  // namespace fathom::lp
