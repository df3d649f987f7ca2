#include "fathom/diff/equilibrium.h"
#include "fathom/diff/regularise.h"
#include "python/callable.h"
#include "python/options.h"
#include "python/rooms.h"
#include "python/solution.h"

namespace fathom::python {

namespace {

struct FoundEquilibrium {
  py::object y;
  Found solution;
  std::shared_ptr<diff::AdjointReport> adjoint;
  std::shared_ptr<diff::DriftReport> drift;
};

void bind_reports(py::module_& m) {
  using diff::AdjointReport;
  using diff::DriftReport;
  py::class_<AdjointReport, std::shared_ptr<AdjointReport>>(m, "AdjointReport",
                                                            "How good a gradient is; filled by the backward pass.")
      .def_property_readonly("status", [](const AdjointReport& r) { return status_words(r.status); })
      .def_readonly("relative_residual", &AdjointReport::relative_residual)
      .def_readonly("iterations", &AdjointReport::iterations)
      .def_readonly("calls", &AdjointReport::calls)
      .def_readonly("worst_relative_residual", &AdjointReport::worst_relative_residual)
      .def_readonly("method", &AdjointReport::method)
      .def_readonly("message", &AdjointReport::message)
      .def_property_readonly("converged", &AdjointReport::converged)
      .def("__repr__", [](const AdjointReport& r) { return "<fathom.AdjointReport: " + r.message + ">"; });
  py::class_<DriftReport, std::shared_ptr<DriftReport>>(m, "DriftReport",
                                                        "What rounding did on the way back of reversible steps.")
      .def_readonly("drift", &DriftReport::drift)
      .def_readonly("worst", &DriftReport::worst)
      .def_readonly("allowed", &DriftReport::allowed)
      .def_readonly("every", &DriftReport::every)
      .def_readonly("checkpoints", &DriftReport::checkpoints)
      .def_readonly("message", &DriftReport::message)
      .def_property_readonly("good", &DriftReport::good);
  py::class_<FoundEquilibrium>(m, "Equilibrium", "A differentiable equilibrium and its account.")
      .def_readonly("y", &FoundEquilibrium::y)
      .def_readonly("solution", &FoundEquilibrium::solution)
      .def_readonly("adjoint", &FoundEquilibrium::adjoint)
      .def_readonly("drift", &FoundEquilibrium::drift)
      .def("__repr__", [](const FoundEquilibrium& e) { return "<fathom.Equilibrium: " + e.solution.brief() + ">"; });
}

FoundEquilibrium equilibrium(const py::object& G, const py::object& y0, const solve::Solver& solver,
                             const diff::Gradient& gradient, const solve::Stop& stop) {
  const bool tuple = is_tuple(y0);
  const State start = to_state(y0, "y0");
  const Map map = to_map(G, tuple);
  diff::Equilibrium e = unlocked([&] { return diff::equilibrium(map, start, solver, gradient, stop); });
  return {to_python(e.y, tuple), {std::move(e.solution), tuple}, std::move(e.adjoint), std::move(e.drift)};
}

Tensor jacobian_norm(const py::object& G, const py::object& y, std::int64_t samples) {
  const State at = to_state(y, "y");
  const Map map = to_map(G, is_tuple(y));
  return unlocked([&] { return diff::jacobian_norm(map, at, samples); });
}

Tensor spectral_norm(const py::object& G, const py::object& y, const diff::SpectralPenalty& options) {
  const State at = to_state(y, "y");
  const Map map = to_map(G, is_tuple(y));
  return unlocked([&] { return diff::spectral_norm(map, at, options); });
}

py::list supervised(const py::object& G, const py::object& y0, const std::vector<std::int64_t>& at,
                    std::int64_t recorded, double discount) {
  const bool tuple = is_tuple(y0);
  const State start = to_state(y0, "y0");
  const Map map = to_map(G, tuple);
  py::list list;
  for (const auto& s : unlocked([&] { return diff::supervised(map, start, at, recorded, discount); })) {
    list.append(py::make_tuple(s.t, to_python(s.y, tuple), s.weight));
  }
  return list;
}

}  // namespace

void bind_diff(py::module_& m) {
  bind_options<diff::Implicit>(m, "Implicit", "The implicit function theorem: u = v + J'u, then u' dG/dtheta.");
  bind_options<diff::Neumann>(m, "Neumann", "That many terms of the series u = sum (J')^i v.");
  bind_options<diff::Adaptive>(m, "Adaptive", "The cheapest u whose adjoint residual meets rtol.");
  bind_options<diff::JacobianFree>(m, "JacobianFree", "One step of G with a graph: u = v.");
  bind_options<diff::Phantom>(m, "Phantom", "Damped steps with a graph from the equilibrium.");
  bind_options<diff::Unrolled>(m, "Unrolled", "Plain steps from y0, all with a graph.");
  bind_options<diff::Truncated>(m, "Truncated", "Plain steps from y0, the last of them with a graph.");
  bind_options<diff::Checkpointed>(m, "Checkpointed", "The gradient of Unrolled with few states kept.");
  bind_options<diff::Reversible>(m, "Reversible", "Steps that are run backwards: no states kept.");
  bind_options<diff::SpectralPenalty>(m, "SpectralPenalty", "Power iteration of spectral_norm.");
  bind_reports(m);
  m.def("equilibrium", equilibrium, py::arg("G"), py::arg("y0"), py::arg("solver") = solve::Anderson{},
        py::arg("gradient") = diff::Implicit{}, py::arg("stop") = solve::Stop{},
        "y* = G(y*), differentiable in everything that G captured and that requires grad, to any order for Implicit.\n"
        "G, y0: as fixed_point. The adjoint report is filled by the backward pass.");
  m.def("jacobian_norm", jacobian_norm, py::arg("G"), py::arg("y"), py::arg("samples") = 1,
        "An unbiased estimate of ||dG/dy||_F^2 for every row, differentiable.");
  m.def("spectral_norm", spectral_norm, py::arg("G"), py::arg("y"), py::arg("options") = diff::SpectralPenalty{},
        "||dG/dy||_2 for every row, from below, differentiable.");
  m.def("supervised", supervised, py::arg("G"), py::arg("y0"), py::arg("at"), py::arg("recorded") = 1,
        py::arg("discount") = 0.8, "Plain iterates (t, y, weight) at chosen t, each with a graph of its own.");
}

}  // namespace fathom::python
