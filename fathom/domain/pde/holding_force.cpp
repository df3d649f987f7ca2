#include "fathom/domain/pde/holding_force.h"

namespace fathom::pde {

namespace {

using Modes = std::vector<double>;
using Field = std::vector<double>;

Modes derivative(const Flow& flow, const Modes& modes, int axis) {
  Modes to(modes.size());
  flow.derivative(modes.data(), axis, to.data());
  return to;
}

Field field(const Flow& flow, const Modes& modes) {
  Field values(flow.grid() * flow.grid());
  flow.synthesise(modes.data(), values.data());
  return values;
}

// -nu lap of a component of the velocity.
Field friction(const Flow& flow, Modes component, double viscosity) {
  for (std::int64_t i = 0; i < flow.modes(); ++i) component[i] *= viscosity * flow.minus_laplacian()[i];
  return field(flow, component);
}

// to += a b
void add_product(const Field& a, const Field& b, Field& to) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += a[i] * b[i];
}

}  // namespace

std::vector<double> holding_force(const Flow& flow, const std::vector<double>& vorticity, double viscosity, Form form) {
  Modes psi = vorticity;
  psi[0] = 0;
  for (std::int64_t i = 1; i < flow.modes(); ++i) psi[i] /= flow.minus_laplacian()[i];
  const Modes u = derivative(flow, psi, 1);
  Modes v = derivative(flow, psi, 0);
  for (double& value : v) value = -value;

  const Field at_u = field(flow, u), at_v = field(flow, v);
  Field f1 = friction(flow, u, viscosity), f2 = friction(flow, v, viscosity);
  if (form == Form::convective) {
    add_product(at_u, field(flow, derivative(flow, u, 0)), f1);
    add_product(at_v, field(flow, derivative(flow, u, 1)), f1);
    add_product(at_u, field(flow, derivative(flow, v, 0)), f2);
    add_product(at_v, field(flow, derivative(flow, v, 1)), f2);
  } else {
    Field w = field(flow, vorticity);
    add_product(w, at_u, f2);
    for (double& value : w) value = -value;
    add_product(w, at_v, f1);
  }
  f1.insert(f1.end(), f2.begin(), f2.end());
  return f1;
}

}  // namespace fathom::pde
