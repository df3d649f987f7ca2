"""Writes the option classes into the stubs of the extension, from the extension itself (their fields are listed once, in
C++). PYTHONPATH=build/release/python python3 scripts/python_stubs.py [--check]; a test runs --check."""

import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parents[1] / "python" / "fathom" / "_fathom"
MARK = "# The options, written by scripts/python_stubs.py.\n"
TYPES = {"number": "float", "integer": "int", "bool": "bool", "text": "str", "choice": "str",
         "numbers": "List[float]", "integers": "List[int]"}


def attributes(option_class):
    """name -> type of every field and group, in order."""
    found = {}
    for field in option_class.__fields__:
        word, _, rest = field["name"].partition(".")
        found[word] = "OptionGroup" if rest else TYPES[field["type"]]
    return found


def class_text(option_class):
    names = attributes(option_class)
    if not names:
        return f"class {option_class.__name__}: ...\n"
    arguments = ", ".join(f"{name}: {'Any' if kind == 'OptionGroup' else kind} = ..." for name, kind in names.items())
    lines = "".join(f"    {name}: {kind}\n" for name, kind in names.items())
    return f"class {option_class.__name__}:\n{lines}    def __init__(self, *, {arguments}) -> None: ...\n"


def wanted(room):
    module = importlib.import_module(f"fathom._fathom.{room}")
    options = [value for value in vars(module).values() if hasattr(value, "__fields__")]
    head = (HERE / f"{room}.pyi").read_text().partition(MARK)[0]
    return head.rstrip("\n") + "\n\n" + MARK + "\n" + "\n".join(class_text(option) for option in options)


def main():
    stale = []
    for room in ("solve", "diff", "measure"):
        file = HERE / f"{room}.pyi"
        if file.read_text() == wanted(room):
            continue
        stale.append(file.name)
        if "--check" not in sys.argv:
            file.write_text(wanted(room))
    if stale and "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}; run scripts/python_stubs.py")


if __name__ == "__main__":
    main()
