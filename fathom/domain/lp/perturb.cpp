#include "fathom/domain/lp/perturb.h"

#include <algorithm>
#include <cmath>

#include "fathom/base/error.h"
#include "fathom/base/seed.h"

namespace fathom::lp {

namespace {

std::vector<double>& part(Instance& instance, Target target) {
  switch (target) {
    case Target::A: return instance.value;
    case Target::b: return instance.b;
    case Target::c: return instance.c;
    case Target::l: return instance.l;
    case Target::u: return instance.u;
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

}  // namespace

std::string_view to_string(Target target) {
  constexpr std::array<std::string_view, 5> names = {"A", "b", "c", "l", "u"};
  return names[static_cast<std::size_t>(target)];
}

Perturbed perturb(const Instance& instance, Target target, double norm, std::uint64_t seed) {
  base::require(norm > 0, "lp::perturb", "norm", norm, "> 0", "give the size of the perturbation");
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
  for (std::size_t i = 0; i < moved.size(); ++i) difference.push_back(std::isfinite(before[i]) ? moved[i] - before[i] : 0.0);
  out.size = norm_of(difference);
  return out;
}

}  // namespace fathom::lp
