#include "python/options.h"

#include <set>

#include <fmt/ranges.h>

#include "fathom/base/error.h"

namespace fathom::python {

namespace {

py::object to_value(const base::Field& field) {
  const py::str text(field.get());
  if (field.type == "number") return py::float_(py::object(text));
  if (field.type == "integer") return py::int_(py::object(text));
  if (field.type == "bool") return py::bool_(field.get() == "true");
  if (field.type == "text" || field.type == "choice") return text;
  return py::module_::import("ast").attr("literal_eval")(text);  // a list of numbers
}

// Numbers of any library (numpy, a tensor of one element) are asked for their Python value.
std::string number_text(py::handle value) {
  if (PyIndex_Check(value.ptr()) != 0) return py::str(value.attr("__index__")());
  return py::repr(py::float_(py::reinterpret_borrow<py::object>(value)));
}

std::string to_text(const base::Field& field, py::handle value) {
  const bool words = field.type == "text" || field.type == "choice";
  if (py::isinstance<py::str>(value)) {
    if (words) return value.cast<std::string>();
  } else if (py::isinstance<py::bool_>(value)) {
    if (field.type == "bool") return value.cast<bool>() ? "true" : "false";
  } else if (py::isinstance<py::sequence>(value)) {
    if (field.type == "numbers" || field.type == "integers") return py::repr(py::list(value.cast<py::sequence>()));
  } else if (!words && field.type != "bool" && (PyNumber_Check(value.ptr()) != 0)) {
    return number_text(value);
  }
  throw py::type_error(fmt::format("[options] {} = {} violates type {}; give a value of that type", field.name,
                                   py::repr(value).cast<std::string>(), field.type));
}

bool has_group(const base::Fields& fields, const std::string& name) {
  for (const base::Field& field : fields.all()) {
    if (field.name.starts_with(name + ".")) return true;
  }
  return false;
}

void assign_one(const base::Fields& fields, const std::string& name, py::handle value) {
  if (!has_group(fields, name)) {
    const base::Field& field = fields.at(name);
    return field.set(to_text(field, value));
  }
  if (!py::hasattr(value, "_texts")) {
    throw py::type_error(fmt::format("[options] {} = {} violates type options; give an object such as Anderson()", name,
                                     py::repr(value).cast<std::string>()));
  }
  for (const auto& [inner, text] : value.attr("_texts")().cast<Texts>()) fields.set(name + "." + inner, text);
}

// The first word of a dotted name below `prefix`, or "" for a name elsewhere.
std::string word_below(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return "";
  return name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
}

std::string arguments(const base::Fields& fields, const std::string& prefix) {
  std::vector<std::string> parts;
  std::set<std::string> groups;
  for (const base::Field& field : fields.all()) {
    const std::string word = word_below(field.name, prefix);
    if (word.empty()) continue;
    if (field.name.size() == prefix.size() + word.size()) {
      parts.push_back(fmt::format("{}={}", word, py::repr(to_value(field)).cast<std::string>()));
    } else if (groups.insert(word).second) {
      parts.push_back(fmt::format("{}=({})", word, arguments(fields, prefix + word + ".")));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// The fields of a nested struct, seen through the one that holds it.
struct Group {
  py::object owner;
  FieldsOf fields_of;
  std::string prefix;  // "anderson."

  base::Fields fields() const { return fields_of(owner); }
  Texts own() const {
    Texts list;
    for (const auto& [name, text] : texts(fields())) {
      if (name.starts_with(prefix)) list.emplace_back(name.substr(prefix.size()), text);
    }
    return list;
  }
  py::object get(const std::string& name) const {
    const base::Fields all = fields();
    if (has_group(all, prefix + name)) return py::cast(Group{owner, fields_of, prefix + name + "."});
    for (const base::Field& field : all.all()) {
      if (field.name == prefix + name) return to_value(field);
    }
    throw py::attribute_error(name);
  }
};

py::object describe(const base::Field& field) {
  py::dict about;
  about["name"] = field.name;
  about["type"] = field.type;
  about["default"] = to_value(field);
  about["bound"] = field.bound;
  about["help"] = field.help;
  return about;
}

}  // namespace

Texts texts(const base::Fields& fields) {
  Texts list;
  for (const base::Field& field : fields.all()) list.emplace_back(field.name, field.get());
  return list;
}

std::string to_repr(const std::string& type, const base::Fields& fields) {
  return fmt::format("{}({})", type, arguments(fields, ""));
}

std::string documentation(const std::string& summary, const base::Fields& fields) {
  std::string text = summary + "\n";
  for (const base::Field& field : fields.all()) {
    text += fmt::format("\n{} = {} ({}): {}", field.name, field.default_text, field.bound, field.help);
  }
  return text;
}

void assign(const base::Fields& fields, const py::kwargs& values) {
  for (const auto& [name, value] : values) assign_one(fields, name.cast<std::string>(), value);
}

void restore(const base::Fields& fields, const Texts& texts) {
  for (const auto& [name, text] : texts) fields.set(name, text);
}

void add_properties(py::object type, const base::Fields& fields, const FieldsOf& fields_of) {
  const py::object property = py::module_::import("builtins").attr("property");
  py::list about;
  std::set<std::string> done;
  for (const base::Field& field : fields.all()) {
    about.append(describe(field));
    const std::string word = word_below(field.name, "");
    if (!done.insert(word).second) continue;
    const bool group = word != field.name;
    const py::cpp_function get([=](const py::object& self) {
      return group ? py::cast(Group{self, fields_of, word + "."}) : to_value(fields_of(self).at(word));
    });
    const py::cpp_function set(
        [=](const py::object& self, const py::object& value) { assign_one(fields_of(self), word, value); });
    type.attr(word.c_str()) = property(get, set, py::none(), group ? "options of " + word : field.help);
  }
  type.attr("__fields__") = py::tuple(about);
}

void bind_option_group(py::module_& m) {
  py::class_<Group>(m, "OptionGroup", "The options of a nested struct; reads and writes those of the struct around it.")
      .def("__getattr__", &Group::get)
      .def("__setattr__", [](const Group& self, const std::string& name,
                             const py::object& value) { assign_one(self.fields(), self.prefix + name, value); })
      .def("_texts", &Group::own)
      .def("__eq__",
           [](const Group& self, const py::object& other) {
             return py::hasattr(other, "_texts") && self.own() == other.attr("_texts")().cast<Texts>();
           })
      .def("__repr__", [](const Group& self) { return fmt::format("({})", arguments(self.fields(), self.prefix)); });
}

}  // namespace fathom::python
