#include "fathom/study/diagnose.h"
#include "fathom/study/regularity.h"
#include "fathom/study/unroll.h"
#include "fathom/tensor/convert.h"
#include "python/callable.h"
#include "python/joint.h"
#include "python/rooms.h"

namespace fathom::python {

namespace {

// One number a row, from a tensor or any sequence.
std::vector<double> to_numbers(const py::object& value) {
  return py::isinstance<py::sequence>(value) ? value.cast<std::vector<double>>()
                                             : tensor::to_doubles(to_state(value, "the result of a probe").only());
}

study::Probe to_probe(const std::string& quantity, const py::object& function, bool tuple) {
  return {quantity, "all", [callable = Callable(function), tuple](std::int64_t t, const State& y, const State& next) {
            return callable.with(
                [&](const py::object& f) { return to_numbers(f(t, to_python(y, tuple), to_python(next, tuple))); });
          }};
}

std::vector<base::Curve> unroll(const py::object& G, const py::object& y0, std::int64_t iterations,
                                const py::dict& probes, const std::string& model) {
  const bool tuple = is_tuple(y0);
  const State start = to_state(y0, "y0");
  const Map map = to_map(G, tuple);
  std::vector<study::Probe> list{study::relative_residual()};
  for (const auto& [name, function] : probes) {
    list.push_back(to_probe(name.cast<std::string>(), py::reinterpret_borrow<py::object>(function), tuple));
  }
  return unlocked([&] { return study::unroll(map, start, iterations, model, list); });
}

study::Diagnosis diagnose(const py::object& G, const py::object& y0, const solve::Stop& stop) {
  const State start = to_state(y0, "y0");
  const Map map = to_map(G, is_tuple(y0));
  return unlocked([&] { return study::diagnose(map, start, stop); });
}

study::Regularity regularity(const py::object& G, const py::object& y0, const py::object& x, std::int64_t iterations) {
  const State start = to_state(y0, "y0"), input = to_state(x, "x");
  const measure::Joint joint = to_joint(G, is_tuple(y0), is_tuple(x));
  return unlocked([&] { return study::probe_regularity(joint, start, input, iterations); });
}

void bind_diagnosis(py::module_& m) {
  using study::Diagnosis;
  py::class_<Diagnosis>(m, "Diagnosis", "A map looked at around its fixed points, row by row.")
      .def_readonly("picard_status", &Diagnosis::picard_status)
      .def_readonly("anderson_status", &Diagnosis::anderson_status)
      .def_readonly("picard_iterations", &Diagnosis::picard_iterations)
      .def_readonly("anderson_iterations", &Diagnosis::anderson_iterations)
      .def_readonly("residual", &Diagnosis::residual)
      .def_readonly("contraction", &Diagnosis::contraction)
      .def_readonly("spectral_radius", &Diagnosis::spectral_radius)
      .def_readonly("sigma_max", &Diagnosis::sigma_max)
      .def_readonly("order", &Diagnosis::order)
      .def_readonly("floor", &Diagnosis::floor)
      .def_readonly("path_distance", &Diagnosis::path_distance)
      .def_property_readonly("verdict", [](const Diagnosis& d) { return study::verdict(d); })
      .def("__repr__", [](const Diagnosis& d) { return "<fathom.Diagnosis: " + study::verdict(d) + ">"; });
}

void bind_regularity(py::module_& m) {
  using study::Regularity;
  py::class_<Regularity>(m, "Regularity", "Whether a block looks like a regular implicit operator.")
      .def_readonly("t", &Regularity::t)
      .def_readonly("mu", &Regularity::mu)
      .def_readonly("radius", &Regularity::radius)
      .def_readonly("input_gain", &Regularity::input_gain)
      .def_readonly("sensitivity", &Regularity::sensitivity)
      .def_readonly("size", &Regularity::size)
      .def_property_readonly("verdict", [](const Regularity& r) { return study::verdict(r); })
      .def("__repr__", [](const Regularity& r) { return "<fathom.Regularity: " + study::verdict(r) + ">"; });
}

}  // namespace

void bind_study(py::module_& m) {
  py::class_<base::Curve>(m, "Curve", "A quantity along the iterations: mean, spread and maximum over the rows.")
      .def_readonly("model", &base::Curve::model)
      .def_readonly("quantity", &base::Curve::quantity)
      .def_readonly("group", &base::Curve::group)
      .def_readonly("t", &base::Curve::t)
      .def_readonly("mean", &base::Curve::mean)
      .def_readonly("std", &base::Curve::std)
      .def_readonly("max", &base::Curve::max);
  bind_diagnosis(m);
  bind_regularity(m);
  m.def("unroll", unroll, py::arg("G"), py::arg("y0"), py::arg("iterations"), py::arg("probes") = py::dict(),
        py::arg("model") = "model", "The relative residual and the probes at every t = 0..iterations.");
  m.def("diagnose", diagnose, py::arg("G"), py::arg("y0"), py::arg("stop") = solve::Stop{.max_iter = 200},
        "Convergence, spectra, order and floor of G around its fixed points.");
  m.def("regularity", regularity, py::arg("G"), py::arg("y0"), py::arg("x"), py::arg("iterations") = 16,
        "Norms of dG/dy, dG/dx and dy_t/dx along the plain iterates of G(y, x).");
}

}  // namespace fathom::python
