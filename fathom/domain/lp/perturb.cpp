#include "fathom/domain/lp/perturb.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"
#include "fathom/domain/lp/label.h"

namespace fathom::lp {

namespace {

std::vector<double>& part(Instance& instance, Target target) {
  switch (target) {
    case Target::A:
      return instance.value;
    case Target::b:
      return instance.b;
    case Target::c:
      return instance.c;
    case Target::l:
      return instance.l;
    case Target::u:
      return instance.u;
  }
  return instance.value;
}

double norm_of(const std::vector<double>& values) {
  double square = 0;
  for (const double value : values) square += value * value;
  return std::sqrt(square);
}

// N(0, 1) where the number is finite, 0 elsewhere.
std::vector<double> noise_for(const std::vector<double>& values, std::uint64_t seed) {
  base::Random random(seed);
  std::vector<double> noise;
  for (const double value : values) noise.push_back(std::isfinite(value) ? random.normal() : 0.0);
  return noise;
}

void require_norm(double norm) {
  base::require(norm > 0 && norm <= 1e50, "lp::perturb", "norm", norm, "in (0, 1e50]",
                "give the size of the perturbation");
}

}  // namespace

std::string_view to_string(Target target) {
  constexpr std::array<std::string_view, 5> names = {"A", "b", "c", "l", "u"};
  return names[static_cast<std::size_t>(target)];
}

Perturbed perturb(const Instance& instance, Target target, double norm, std::uint64_t seed) {
  require_norm(norm);
  Perturbed out{instance, 0};
  std::vector<double>& moved = part(out.instance, target);
  const std::vector<double> before = moved, noise = noise_for(moved, seed);
  const double length = norm_of(noise);
  for (std::size_t i = 0; i < moved.size() && length > 0; ++i) moved[i] += norm * noise[i] / length;
  for (std::size_t j = 0; j < out.instance.l.size(); ++j) {
    if (target == Target::l) out.instance.l[j] = std::min(out.instance.l[j], out.instance.u[j]);
    if (target == Target::u) out.instance.u[j] = std::max(out.instance.l[j], out.instance.u[j]);
  }
  std::vector<double> difference;
  for (std::size_t i = 0; i < moved.size(); ++i)
    difference.push_back(std::isfinite(before[i]) ? moved[i] - before[i] : 0.0);
  out.size = norm_of(difference);
  return out;
}

PerturbedSet perturb_and_label(const Dataset& clean, Target target, double norm, std::uint64_t seed) {
  require_norm(norm);
  for (const Instance& instance : clean.instances) validate(instance);  // nothing may throw out of the parallel loop
  const std::size_t count = clean.instances.size();
  std::vector<Perturbed> moved(count);
  std::vector<Label> labels(count);
#pragma omp parallel for schedule(dynamic, 16)
  for (std::size_t k = 0; k < count; ++k) {
    moved[k] = perturb(clean.instances[k], target, norm, base::stream_seed(seed, to_string(target), k));
    labels[k] = minimum_norm_label(moved[k].instance);
  }
  PerturbedSet set;
  for (std::size_t k = 0; k < count; ++k) {
    if (labels[k].outcome != Outcome::optimal) {
      ++set.without_solution;
      continue;
    }
    set.data.instances.push_back(std::move(moved[k].instance));
    set.data.solutions.push_back(std::move(labels[k].x));
    set.source.push_back(k);
    set.size.push_back(moved[k].size);
  }
  return set;
}

}  // namespace fathom::lp
