// One function a room, in the order in which the extension is filled: a class must be known before it is a default
// argument elsewhere.
#pragma once

#include <torch/csrc/utils/pybind.h>

namespace fathom::python {

void bind_solve(py::module_& m);
void bind_diff(py::module_& m);
void bind_measure(py::module_& m);
void bind_study(py::module_& m);

}  // namespace fathom::python
