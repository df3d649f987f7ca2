// Python callables as the functions that the library takes, and states as Python writes them.
//
//   state   a torch.Tensor, or a tuple or list of them; it goes back in the form in which y0 came
//   map     G(y) or G(y, rows), rows None (all) or an int64 tensor of indices into the full batch
//
// The library runs without the interpreter's lock: a call takes it, looks for a pending Ctrl-C and gives it back. That
// makes the calls right from whatever thread autograd runs the backward pass on. An exception of the callable travels
// through the library as torch's python_error, which torch's own engine restores too, and arrives as it was raised.
#pragma once

#include "fathom/tensor/map.h"

#include <torch/csrc/utils/pybind.h>

namespace fathom::python {

// Errors: TypeError naming `what` and the type it has.
State to_state(py::handle value, const char* what);
bool is_tuple(py::handle value);
py::object to_python(const State& state, bool tuple);

// Shared by copies; may be copied and destroyed without the lock.
class Callable {
 public:
  explicit Callable(const py::object& function);

  // Takes the lock, calls `use` with the function and returns its result; exceptions become python_error.
  template <class Use>
  auto with(Use use) const {
    const py::gil_scoped_acquire lock;
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      return use(py::reinterpret_borrow<py::object>(function_.get()));
    } catch (py::error_already_set& error) {
      error.restore();
    } catch (py::builtin_exception& error) {  // a TypeError of ours, say
      error.set_error();
    }
    rethrow();
  }

 private:
  [[noreturn]] static void rethrow();  // the interpreter's error as python_error

  std::shared_ptr<PyObject> function_;
};

// Whether G takes rows is read off its signature (fathom/_signature.py).
Map to_map(const py::object& G, bool tuple);

// The library at work, without the lock.
template <class Work>
auto unlocked(Work work) {
  const py::gil_scoped_release release;
  return work();
}

}  // namespace fathom::python
