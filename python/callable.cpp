#include "python/callable.h"

#include <torch/csrc/Exceptions.h>
#include <torch/csrc/autograd/python_variable.h>

namespace fathom::python {

namespace {

std::string type_name(py::handle value) { return py::str(py::type::handle_of(value).attr("__name__")); }

Tensor to_tensor(py::handle value, const char* what) {
  if (THPVariable_Check(value.ptr())) return THPVariable_Unpack(value.ptr());
  throw py::type_error(std::string("[python] ") + what + " is a " + type_name(value) +
                       "; a torch.Tensor or a tuple of them is needed");
}

}  // namespace

bool is_tuple(py::handle value) { return PyTuple_Check(value.ptr()) != 0 || PyList_Check(value.ptr()) != 0; }

State to_state(py::handle value, const char* what) {
  if (!is_tuple(value)) return {to_tensor(value, what)};
  std::vector<Tensor> parts;
  for (const py::handle part : value) parts.push_back(to_tensor(part, what));
  return {std::move(parts)};
}

py::object to_python(const State& state, bool tuple) {
  if (!tuple) return py::cast(state.only());
  py::tuple parts(state.parts().size());
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = py::cast(state[i]);
  return parts;
}

// After the interpreter's end there is nobody to give the object back to.
Callable::Callable(const py::object& function)
    : function_(function.inc_ref().ptr(), [](PyObject* object) {
        if (Py_IsInitialized() == 0) return;
        const py::gil_scoped_acquire lock;
        Py_DECREF(object);
      }) {}

void Callable::rethrow() {
  python_error error;
  error.persist();
  throw error;
}

Map to_map(const py::object& G, bool tuple) {
  const Callable callable(G);
  if (!py::module_::import("fathom._signature").attr("takes_rows")(G).cast<bool>()) {
    return Map([callable, tuple](const State& y) {
      return callable.with([&](const py::object& g) { return to_state(g(to_python(y, tuple)), "the result of G"); });
    });
  }
  return Map([callable, tuple](const State& y, const Rows& rows) {
    return callable.with([&](const py::object& g) {
      const py::object index = rows.all() ? py::object(py::none()) : py::cast(rows.index());
      return to_state(g(to_python(y, tuple), index), "the result of G");
    });
  });
}

}  // namespace fathom::python
