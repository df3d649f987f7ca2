// G(y, x) in Python as the library's measure::Joint.
#pragma once

#include "fathom/measure/sensitivity.h"
#include "python/callable.h"

namespace fathom::python {

inline measure::Joint to_joint(const py::object& G, bool y_is_tuple, bool x_is_tuple) {
  return [callable = Callable(G), y_is_tuple, x_is_tuple](const State& y, const State& x) {
    return callable.with([&](const py::object& g) {
      return to_state(g(to_python(y, y_is_tuple), to_python(x, x_is_tuple)), "the result of G");
    });
  };
}

}  // namespace fathom::python
