#include "fathom/measure/contraction.h"
#include "fathom/measure/lipschitz.h"
#include "fathom/measure/metrics.h"
#include "fathom/measure/order.h"
#include "fathom/measure/path_independence.h"
#include "fathom/measure/residual.h"
#include "fathom/measure/sensitivity.h"
#include "fathom/measure/spectral.h"
#include "python/callable.h"
#include "python/joint.h"
#include "python/options.h"
#include "python/rooms.h"

namespace fathom::python {

namespace {

// f(map, y) of a G that is asked for all rows.
template <class F>
auto at_state(const py::object& G, const py::object& y, F f) {
  const State at = to_state(y, "y");
  const Map map = to_map(G, is_tuple(y));
  return unlocked([&] { return f(map, at); });
}

measure::Spectral spectral_radius(const py::object& G, const py::object& y, const measure::SpectralOptions& options) {
  return at_state(G, y, [&](const Map& map, const State& at) { return measure::spectral_radius(map, at, options); });
}

measure::Spectral sigma_max(const py::object& G, const py::object& y, const measure::SpectralOptions& options) {
  return at_state(G, y, [&](const Map& map, const State& at) { return measure::sigma_max(map, at, options); });
}

measure::Residual residual(const py::object& G, const py::object& y) {
  return at_state(G, y, [](const Map& map, const State& at) { return measure::residual(map, at); });
}

measure::ResidualFloor residual_floor(const py::object& G, const py::object& y, std::int64_t steps) {
  return at_state(G, y, [&](const Map& map, const State& at) { return measure::residual_floor(map, at, steps); });
}

measure::Spectral input_gain(const py::object& G, const py::object& y, const py::object& x,
                             const measure::SpectralOptions& options) {
  const State at = to_state(y, "y"), input = to_state(x, "x");
  const measure::Joint joint = to_joint(G, is_tuple(y), is_tuple(x));
  return unlocked([&] { return measure::input_gain(joint, at, input, options); });
}

measure::Spectral sensitivity(const py::object& G, const py::object& y0, const py::object& x, std::int64_t t,
                              const measure::SpectralOptions& options) {
  const State start = to_state(y0, "y0"), input = to_state(x, "x");
  const measure::Joint joint = to_joint(G, is_tuple(y0), is_tuple(x));
  return unlocked([&] { return measure::sensitivity(joint, start, input, t, options); });
}

measure::PathIndependence path_independence(const py::object& G, const py::list& starts, const solve::Solver& solver,
                                            const solve::Stop& stop) {
  std::vector<State> states;
  for (const py::handle start : starts) states.push_back(to_state(start, "a start"));
  const Map map = to_map(G, !starts.empty() && is_tuple(starts[0]));
  return unlocked([&] { return measure::path_independence(map, states, solver, stop); });
}

py::list random_starts(const py::object& y0, std::int64_t count, double radius, std::int64_t seed) {
  py::list list;
  for (const State& y : measure::random_starts(to_state(y0, "y0"), count, radius, seed)) {
    list.append(to_python(y, is_tuple(y0)));
  }
  return list;
}

std::vector<double> distance(const py::object& a, const py::object& b) {
  return measure::distance(to_state(a, "a"), to_state(b, "b"));
}

std::vector<double> lipschitz(const py::object& y, const py::object& y_moved, const py::object& x,
                              const py::object& x_moved) {
  return measure::lipschitz(distance(y, y_moved), distance(x, x_moved));
}

void bind_numbers(py::module_& m) {
  using measure::Contraction;
  using measure::Order;
  py::class_<measure::Spectral>(m, "Spectral", "A number of dG/dy for every row.")
      .def_readonly("value", &measure::Spectral::value)
      .def_readonly("residual", &measure::Spectral::residual)
      .def_readonly("converged", &measure::Spectral::converged)
      .def_readonly("products", &measure::Spectral::products);
  py::class_<Contraction>(m, "Contraction", "||r_t|| ~ C factor^t for first <= t <= last; NaN where not known.")
      .def_readonly("factor", &Contraction::factor)
      .def_readonly("low", &Contraction::low)
      .def_readonly("high", &Contraction::high)
      .def_readonly("first", &Contraction::first)
      .def_readonly("last", &Contraction::last);
  py::class_<Order>(m, "Order", "||r_{t+1}|| ~ C ||r_t||^order; NaN where not known.")
      .def_readonly("order", &Order::order)
      .def_readonly("low", &Order::low)
      .def_readonly("high", &Order::high)
      .def_readonly("points", &Order::points);
  py::class_<measure::Residual>(m, "Residual", "||G(y) - y|| for every row, and over ||G(y)||.")
      .def_readonly("absolute", &measure::Residual::absolute)
      .def_readonly("relative", &measure::Residual::relative);
  py::class_<measure::ResidualFloor>(m, "ResidualFloor", "What rounding leaves of the residual.")
      .def_readonly("relative", &measure::ResidualFloor::relative)
      .def_readonly("epsilons", &measure::ResidualFloor::epsilons);
  py::class_<measure::PathIndependence>(m, "PathIndependence", "Whether solves from several starts end alike.")
      .def_readonly("distance", &measure::PathIndependence::distance)
      .def_readonly("converged", &measure::PathIndependence::converged);
}

void bind_of_maps(py::module_& m) {
  const measure::SpectralOptions usual;
  m.def("spectral_radius", spectral_radius, py::arg("G"), py::arg("y"), py::arg("options") = usual,
        "max |lambda(dG/dy)| for every row, by Arnoldi's method.");
  m.def("sigma_max", sigma_max, py::arg("G"), py::arg("y"), py::arg("options") = usual,
        "||dG/dy||_2 for every row, from below.");
  m.def("input_gain", input_gain, py::arg("G"), py::arg("y"), py::arg("x"), py::arg("options") = usual,
        "||dG/dx||_2 of G(y, x) at fixed y for every row.");
  m.def("sensitivity", sensitivity, py::arg("G"), py::arg("y0"), py::arg("x"), py::arg("t"), py::arg("options") = usual,
        "||dy_t/dx||_2 of the plain iterates of G(y, x) for every row.");
  m.def("residual", residual, py::arg("G"), py::arg("y"), "||G(y) - y|| for every row, absolute and relative.");
  m.def("residual_floor", residual_floor, py::arg("G"), py::arg("y"), py::arg("steps") = 20,
        "The relative residual that rounding leaves at a solution y.");
  m.def("path_independence", path_independence, py::arg("G"), py::arg("starts"), py::arg("solver") = solve::Anderson{},
        py::arg("stop") = solve::Stop{}, "Whether solves from these starts end at the same point.");
}

void bind_of_numbers(py::module_& m) {
  m.def("random_starts", random_starts, py::arg("y0"), py::arg("count"), py::arg("radius"), py::arg("seed") = 1,
        "y0 and others like it whose rows have length radius.");
  m.def("distance", distance, py::arg("a"), py::arg("b"), "||b - a|| for every row.");
  m.def("lipschitz", lipschitz, py::arg("y"), py::arg("y_moved"), py::arg("x"), py::arg("x_moved"),
        "||y_moved - y|| / ||x_moved - x|| for every row; NaN where x did not move.");
  m.def(
      "contraction", [](const std::vector<double>& r) { return measure::contraction(r); }, py::arg("residuals"),
      "The contraction factor that the residuals of one row show.");
  m.def(
      "convergence_order", [](const std::vector<double>& r) { return measure::convergence_order(r); },
      py::arg("residuals"), "The order of convergence that the residuals of one row show.");
  m.def("a_posteriori_bound", measure::a_posteriori_bound, py::arg("L"), py::arg("last_step"),
        "L / (1 - L) * last_step >= ||y_t - y*||.");
  m.def("residual_bound", measure::residual_bound, py::arg("L"), py::arg("residual"),
        "residual / (1 - L) >= ||y - y*||.");
  m.def("rel_l2", measure::rel_l2, py::arg("a"), py::arg("b"), py::arg("offset") = 0.0,
        "||a - b|| / (||b|| + offset) for every row.");
  m.def("mse", measure::mse, py::arg("a"), py::arg("b"), "The mean of (a - b)^2 for every row.");
  m.def("psnr", measure::psnr, py::arg("a"), py::arg("b"), py::arg("range"), "10 log10(range^2 / mse) for every row.");
}

}  // namespace

void bind_measure(py::module_& m) {
  bind_options<measure::SpectralOptions>(m, "SpectralOptions", "How spectral_radius and sigma_max iterate.");
  bind_numbers(m);
  bind_of_maps(m);
  bind_of_numbers(m);
}

}  // namespace fathom::python
