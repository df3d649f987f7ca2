"""The Python in the README runs."""

import pathlib
import re
import unittest

import torch

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


class Readme(unittest.TestCase):
    def test_its_example_runs_and_reaches_the_layer(self):
        (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        torch.manual_seed(0)
        names = {}
        exec(code, names)
        self.assertTrue(names["e"].solution.converged)
        self.assertTrue(names["e"].adjoint.converged)
        self.assertGreater(names["layer"].weight.grad.norm().item(), 0)


if __name__ == "__main__":
    unittest.main()
