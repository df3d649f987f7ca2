#include "fathom/solve/fixed_point.h"
#include "fathom/solve/stream.h"
#include "python/callable.h"
#include "python/options.h"
#include "python/rooms.h"
#include "python/solution.h"

namespace fathom::python {

namespace {

std::int64_t count(const Found& found, const std::string& word) {
  const std::vector<std::string> list = status_words(found.status);
  return std::count(list.begin(), list.end(), word);
}

py::list iterates(const Found& found) {
  py::list list;
  for (const State& y : found.trace.iterates) list.append(to_python(y, found.tuple));
  return list;
}

void bind_solution(py::module_& m) {
  py::class_<Found>(m, "Solution", "The best iterate of every row, and why each row stopped.")
      .def_property_readonly("y", [](const Found& f) { return to_python(f.y, f.tuple); })
      .def_property_readonly("status", [](const Found& f) { return status_words(f.status); })
      .def_readonly("iterations", &Found::iterations)
      .def_readonly("residual", &Found::residual)
      .def_readonly("relative", &Found::relative)
      .def_readonly("error_bound", &Found::error_bound)
      .def_readonly("products", &Found::products)
      .def_property_readonly("stage",
                             [](const Found& f) { return std::vector<std::string>(f.stage.begin(), f.stage.end()); })
      .def_readonly("calls", &Found::calls)
      .def_readonly("rows_evaluated", &Found::rows_evaluated)
      .def_readonly("product_calls", &Found::product_calls)
      .def_readonly("seconds", &Found::seconds)
      .def_readonly("message", &Found::message)
      .def_property_readonly("residuals", [](const Found& f) { return f.trace.residual; })
      .def_property_readonly("kept", [](const Found& f) { return f.trace.kept; })
      .def_property_readonly("iterates", iterates)
      .def_property_readonly("converged", &Found::converged)
      .def("count", count, py::arg("status"))
      .def(
          "require", [](const Found& f) -> const Found& { return f.require(), f; },
          py::return_value_policy::reference_internal)
      .def("brief", &Found::brief)
      .def("__repr__", [](const Found& f) { return "<fathom.Solution: " + f.brief() + ">"; });
}

Found fixed_point(const py::object& G, const py::object& y0, const solve::Solver& solver, const solve::Stop& stop,
                  const solve::Loop& loop, bool residuals, const std::vector<std::int64_t>& keep) {
  const bool tuple = is_tuple(y0);
  const State start = to_state(y0, "y0");
  const Map map = to_map(G, tuple);
  return {unlocked([&] { return solve::fixed_point(map, start, solver, stop, loop, {residuals, keep}); }), tuple};
}

constexpr const char* kFixedPoint = R"(y = G(y) for every row of a batch, without gradients.

G: y -> G(y), or (y, rows) -> G(y) where rows is None or the indices of the rows that y holds; a map that takes rows is
called with those that are not done yet. y is the solver's buffer: clone it to keep it. y0: a tensor (batch first) or a
tuple of them, in which form G gets and returns states. residuals: record them at every iteration. keep: iterations
whose iterate is kept. A solve that does not converge is a status, not an exception.)";

constexpr const char* kStream = R"(A queue of samples, each solved in the first row that falls free.

G: (y, *context) -> G(y). samples: an iterable of (y0, *context), tensors of one row each. sink: called with every
Answer, in the order in which they are found.)";

// What streams: answers with their states as they came.
struct FoundAnswer : solve::Answer {
  bool tuple = false;
};

void bind_answer(py::module_& m) {
  py::class_<FoundAnswer>(m, "Answer", "One sample of a stream, solved.")
      .def_readonly("index", &FoundAnswer::index)
      .def_property_readonly("y", [](const FoundAnswer& a) { return to_python(a.y, a.tuple); })
      .def_property_readonly("status", [](const FoundAnswer& a) { return std::string(to_string(a.status)); })
      .def_readonly("iterations", &FoundAnswer::iterations)
      .def_readonly("products", &FoundAnswer::products)
      .def_readonly("residual", &FoundAnswer::residual)
      .def_readonly("relative", &FoundAnswer::relative)
      .def_property_readonly("stage", [](const FoundAnswer& a) { return std::string(a.stage); });
  py::class_<solve::StreamReport>(m, "StreamReport", "What a stream did.")
      .def_readonly("samples", &solve::StreamReport::samples)
      .def_readonly("converged", &solve::StreamReport::converged)
      .def_readonly("calls", &solve::StreamReport::calls)
      .def_readonly("rows_evaluated", &solve::StreamReport::rows_evaluated)
      .def_readonly("iterations", &solve::StreamReport::iterations)
      .def_readonly("seconds", &solve::StreamReport::seconds);
}

// The first sample says whether states are tuples.
class Samples {
 public:
  explicit Samples(const py::object& iterator) : next_(iterator.attr("__next__")) {}

  bool tuple() const { return *tuple_; }
  std::optional<solve::Sample> take() {
    return next_.with([&](const py::object& next) -> std::optional<solve::Sample> {
      try {
        return sample_of(next().cast<py::tuple>());
      } catch (py::error_already_set& error) {
        if (!error.matches(PyExc_StopIteration)) throw;
        return std::nullopt;
      }
    });
  }

 private:
  solve::Sample sample_of(const py::tuple& parts) {
    if (parts.empty()) throw py::type_error("[python] a sample of a stream is a tuple (y0, *context)");
    if (!*tuple_known_) *tuple_ = is_tuple(parts[0]);
    *tuple_known_ = true;
    solve::Sample sample{to_state(parts[0], "y0"), {}};
    for (std::size_t i = 1; i < parts.size(); ++i) sample.context.push_back(to_state(parts[i], "context").only());
    return sample;
  }

  Callable next_;
  std::shared_ptr<bool> tuple_ = std::make_shared<bool>(false), tuple_known_ = std::make_shared<bool>(false);
};

solve::StreamReport stream(const py::object& G, const py::object& samples, const py::object& sink,
                           const solve::Solver& solver, const solve::Stop& stop, const solve::StreamOptions& options) {
  const Callable map(G), deliver(sink);
  Samples source(py::iter(samples));
  return unlocked([&] {
    return solve::stream(
        [&](const State& y, const std::vector<Tensor>& context) {
          return map.with([&](const py::object& g) {
            return to_state(g(to_python(y, source.tuple()), *py::cast(context)), "the result of G");
          });
        },
        [&] { return source.take(); },
        [&](const solve::Answer& answer) {
          deliver.with([&](const py::object& f) { f(FoundAnswer{answer, source.tuple()}); });
        },
        solver, stop, options);
  });
}

}  // namespace

void bind_solve(py::module_& m) {
  bind_options<solve::Stop>(m, "Stop", "When a row of the batch stops: ||G(y)-y|| <= atol sqrt(d) + rtol ||G(y)||.");
  bind_options<solve::Picard>(m, "Picard", "y+ = (1-tau) y + tau G(y).");
  bind_options<solve::Anderson>(m, "Anderson", "Anderson acceleration, per row, with rollback.");
  bind_options<solve::Broyden>(m, "Broyden", "Good Broyden with limited memory.");
  bind_options<solve::NewtonKrylov>(m, "NewtonKrylov", "Inexact Newton with GMRES and backtracking.");
  bind_options<solve::Escalate>(m, "Escalate", "picard, then anderson, then newton_krylov, row by row.");
  bind_options<solve::Reversible>(m, "Reversible", "The reversible two-state iteration as a solver.");
  bind_options<solve::Loop>(m, "Loop", "What the loop itself may do, the same for every solver.");
  bind_options<solve::StreamOptions>(m, "StreamOptions", "How a stream of samples is solved.");
  bind_solution(m);
  bind_answer(m);
  m.def("fixed_point", fixed_point, py::arg("G"), py::arg("y0"), py::arg("solver") = solve::Anderson{},
        py::arg("stop") = solve::Stop{}, py::arg("loop") = solve::Loop{}, py::arg("residuals") = false,
        py::arg("keep") = std::vector<std::int64_t>{}, kFixedPoint);
  m.def("stream", stream, py::arg("G"), py::arg("samples"), py::arg("sink"), py::arg("solver") = solve::Anderson{},
        py::arg("stop") = solve::Stop{}, py::arg("options") = solve::StreamOptions{}, kStream);
}

}  // namespace fathom::python
