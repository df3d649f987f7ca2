"""The stubs say what the extension holds: classes, attributes, functions, parameters."""

import ast
import importlib
import pathlib
import re
import subprocess
import sys
import unittest

import fathom

SOURCE = pathlib.Path(__file__).resolve().parents[2]
STUBS = SOURCE / "python" / "fathom" / "_fathom"
ROOMS = ("solve", "diff", "measure", "study")


def room(name):
    return importlib.import_module(f"fathom._fathom.{name}"), ast.parse((STUBS / f"{name}.pyi").read_text()).body


def attributes_of(stub):
    names = [node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)]
    return set(names) | {node.name for node in stub.body if isinstance(node, ast.FunctionDef)} - {"__init__"}


def public(names):
    return {name for name in names if not name.startswith("_")}


class Stubs(unittest.TestCase):
    def test_options_are_those_of_the_extension(self):
        run = subprocess.run([sys.executable, str(SOURCE / "scripts" / "python_stubs.py"), "--check"], capture_output=True,
                             text=True)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_classes_have_the_attributes_that_are_there(self):
        for name in ROOMS:
            module, stubs = room(name)
            classes = {node.name: node for node in stubs if isinstance(node, ast.ClassDef)}
            self.assertEqual(set(classes), {n for n, v in vars(module).items() if isinstance(v, type)})
            for class_name, stub in classes.items():
                found = public(vars(getattr(module, class_name)))
                self.assertEqual(attributes_of(stub), found, class_name)

    def test_functions_have_the_parameters_that_are_there(self):
        for name in ROOMS:
            module, stubs = room(name)
            functions = {node.name: node for node in stubs if isinstance(node, ast.FunctionDef)}
            builtin = {n for n, v in vars(module).items() if callable(v) and not isinstance(v, type)}
            self.assertEqual(set(functions), builtin)
            for function, stub in functions.items():
                first_line = getattr(module, function).__doc__.splitlines()[0]
                found = re.findall(r"[(,] ?(\w+): ", first_line)
                self.assertEqual([argument.arg for argument in stub.args.args], found, first_line)

    def test_the_package_names_all_it_exports(self):
        for module in (fathom, fathom.solve, fathom.diff, fathom.measure, fathom.study):
            for name in module.__all__:
                self.assertTrue(hasattr(module, name), name)
        for name in ROOMS:
            names = public(vars(importlib.import_module(f"fathom._fathom.{name}")))
            self.assertEqual(set(getattr(fathom, name).__all__), names)
        self.assertTrue((pathlib.Path(fathom.__file__).parent / "py.typed").exists())


if __name__ == "__main__":
    unittest.main()
