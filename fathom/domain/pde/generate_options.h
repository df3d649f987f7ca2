// How forcings and their flows are drawn. Plain values, no torch.
#pragma once

#include <cstdint>
#include <string>

#include "fathom/base/fields.h"
#include "fathom/domain/pde/steady_options.h"

namespace fathom::pde {

// solved (G2): a random forcing, and the flow of its Stokes branch by Newton-Krylov.
//   f = (phi_y, -phi_x),  phi random with amplitudes exp(-((|k| - peak) / spread)^2),  f scaled to deviation `size`
struct SolvedOptions {
  double peak = 4, spread = 1.5;
  double size = 0.01;
  SteadyOptions steady;

  bool operator==(const SolvedOptions&) const = default;
  void fields(base::Fields& f) {
    f.add("peak", peak, {.above = 0, .at_most = 1000}, "|k| at which the forcing's ring of frequencies is strongest");
    f.add("spread", spread, {.above = 0, .at_most = 1000}, "width of that ring");
    f.add("size", size, {.above = 0}, "standard deviation of the forcing's components");
    f.group("steady", steady);
  }
};

// manufactured (G1): a flow that has decayed for a while, and the forcing that would hold it.
//   w from a log-normal spectrum of speed peaking at |k| = 1, marched to `time`, scaled to variance `variance`;
//   f = (u.grad) u - nu lap u, or w x u - nu lap u, with the same curl
struct ManufacturedOptions {
  std::string form = "convective";
  double peak = 1, spread = 0.25;  // of ln |k|
  double speed = 0.5;              // largest |u| at the start
  double time = 8, step = 0.04;
  double variance = 0.1116228327;  // of w at the end: the paper's data

  bool operator==(const ManufacturedOptions&) const = default;
  void fields(base::Fields& f) {
    f.add_choice("form", form, {"convective", "rotational"}, "f = (u.grad) u - nu lap u, or w x u - nu lap u");
    f.add("peak", peak, {.above = 0, .at_most = 1000}, "|k| at which the first flow's spectrum is largest");
    f.add("spread", spread, {.above = 0, .at_most = 10}, "its width in ln |k|");
    f.add("speed", speed, {.above = 0}, "largest speed of the first flow");
    f.add("time", time, {.at_least = 0}, "how long it decays");
    f.add("step", step, {.above = 0}, "time step of the march");
    f.add("variance", variance, {.above = 0}, "variance of the vorticity it is scaled to");
  }
};

struct GenerateOptions {
  std::string generator = "solved";
  std::int64_t grid = 64;
  double viscosity = 0.01;
  SolvedOptions solved;
  ManufacturedOptions manufactured;

  bool operator==(const GenerateOptions&) const = default;
  void fields(base::Fields& f) {
    f.add_choice("generator", generator, {"solved", "manufactured"},
                 "solved: the steady flow of a random forcing; manufactured: the forcing of a random flow");
    f.add("grid", grid, {.at_least = 8, .at_most = 1024}, "points along each side of the square");
    f.add("viscosity", viscosity, {.above = 0}, "nu");
    f.group("solved", solved);
    f.group("manufactured", manufactured);
  }
};

}  // namespace fathom::pde
