// Option structs as Python classes, made from the same fields() list as the command line and the documentation.
//
//   fathom.Anderson(depth=8)         keyword arguments; a value out of bounds is a ValueError with the library's text
//   options.depth, options.depth = 3
//   fathom.Implicit(anderson=fathom.Anderson(depth=8)).anderson.depth       a nested struct is a group of fields
//
// Equality, repr, copying and pickling go by the fields too.
#pragma once

#include <functional>
#include <string>

#include "fathom/base/fields.h"
#include "fathom/tensor/tensor.h"

#include <torch/csrc/utils/pybind.h>

namespace fathom::python {

using Texts = std::vector<std::pair<std::string, std::string>>;  // name, value of every field

Texts texts(const base::Fields& fields);
std::string to_repr(const std::string& type, const base::Fields& fields);
std::string documentation(const std::string& summary, const base::Fields& fields);
void assign(const base::Fields& fields, const py::kwargs& values);
void restore(const base::Fields& fields, const Texts& texts);

using FieldsOf = std::function<base::Fields(py::handle options)>;
// A property for every field and every group, and `__fields__`: name, type, default, bound and help of each.
void add_properties(py::object type, const base::Fields& fields, const FieldsOf& fields_of);

void bind_option_group(py::module_& m);

template <class Options>
void bind_options(py::module_& m, const char* name, const std::string& summary) {
  Options defaults;
  const base::Fields list = base::fields_of(defaults);
  py::class_<Options> type(m, name, documentation(summary, list).c_str());
  type.def(py::init([](const py::kwargs& values) {
    Options options;
    assign(base::fields_of(options), values);
    return options;
  }));
  type.def("__repr__", [name = std::string(name)](Options& self) { return to_repr(name, base::fields_of(self)); });
  type.def("_texts", [](Options& self) { return texts(base::fields_of(self)); });
  type.def(
      "__eq__",
      [](Options& self, Options& other) { return texts(base::fields_of(self)) == texts(base::fields_of(other)); },
      py::is_operator());
  type.def(py::pickle([](Options& self) { return texts(base::fields_of(self)); },
                      [](const Texts& state) {
                        Options options;
                        restore(base::fields_of(options), state);
                        return options;
                      }));
  add_properties(type, list, [](py::handle self) { return base::fields_of(self.cast<Options&>()); });
}

}  // namespace fathom::python
