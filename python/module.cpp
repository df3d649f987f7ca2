// The extension fathom._fathom: one submodule a room. The package fathom around it is Python (python/fathom).
#include "fathom/base/error.h"
#include "fathom/tensor/tensor.h"
#include "python/options.h"
#include "python/rooms.h"

#include <torch/csrc/Exceptions.h>

namespace fathom::python {

namespace {

// Kept for the life of the process, as exception types are.
py::handle error_type, usage_error_type;

py::handle new_exception(py::module_& m, const char* name, const char* text, const py::tuple& bases) {
  const std::string full = std::string("fathom.") + name;
  PyObject* type = PyErr_NewExceptionWithDoc(full.c_str(), text, bases.ptr(), nullptr);
  if (type == nullptr) throw py::error_already_set();
  m.attr(name) = py::reinterpret_borrow<py::object>(type);
  return type;
}

void translate(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const UsageError& e) {
    PyErr_SetString(usage_error_type.ptr(), e.what());
  } catch (const Error& e) {
    PyErr_SetString(error_type.ptr(), e.what());
  } catch (python_error& e) {  // what a callable raised
    e.restore();
  } catch (const c10::Error&) {
    torch::translate_exception_to_python(error);
  }
}

void bind_errors(py::module_& m) {
  error_type = new_exception(m, "Error", "Misuse: [room.function] name = value violates bound; hint.",
                             py::make_tuple(py::handle(PyExc_RuntimeError)));
  usage_error_type = new_exception(m, "UsageError", "An option that does not exist or is out of its bounds.",
                                   py::make_tuple(error_type, py::handle(PyExc_ValueError)));
  py::register_local_exception_translator(translate);
}

}  // namespace

PYBIND11_MODULE(_fathom, m) {
  m.doc() = "Bindings of the C++ library; use the package fathom.";
  m.attr("__version__") = FATHOM_VERSION;
  bind_errors(m);
  bind_option_group(m);
  py::module_ solve = m.def_submodule("solve"), diff = m.def_submodule("diff");
  py::module_ measure = m.def_submodule("measure"), study = m.def_submodule("study");
  bind_solve(solve);
  bind_diff(diff);
  bind_measure(measure);
  bind_study(study);
}

}  // namespace fathom::python
