"""Nothing is kept: reference counts return, objects die, the process does not grow."""

import gc
import os
import sys
import unittest
import weakref

import torch

import fathom
from maps import Cell, normal

MEGABYTE = 1 << 20


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(work, rounds):
    """Bytes by which the process grows over `rounds`, the allocator warmed up before."""
    for _ in range(rounds // 4):
        work()
    gc.collect()
    before = resident()
    for _ in range(rounds):
        work()
    gc.collect()
    return resident() - before


class Memory(unittest.TestCase):
    def test_reference_counts_return(self):
        G = lambda y: torch.cos(y)
        y0 = torch.zeros(2, 2)
        before = sys.getrefcount(G), sys.getrefcount(y0)
        for _ in range(10):
            fathom.fixed_point(G, y0)
            fathom.equilibrium(G, y0)
            fathom.measure.spectral_radius(G, y0)
            fathom.study.unroll(G, y0, 2, {"zero": lambda t, y, z: [0.0, 0.0]})
        gc.collect()
        self.assertEqual((sys.getrefcount(G), sys.getrefcount(y0)), before)

    def test_a_module_dies_with_its_last_name(self):
        for gradient in (fathom.Implicit(), fathom.Unrolled(), fathom.Checkpointed(), fathom.diff.Reversible()):
            x = normal(2, 3).requires_grad_()
            cell = Cell(3, 0.5, x)
            e = fathom.equilibrium(cell, torch.zeros_like(x), gradient=gradient)
            e.y.sum().backward()
            dead = weakref.ref(cell)
            del cell, e
            gc.collect()
            self.assertIsNone(dead(), gradient)

    def test_solving_does_not_grow_the_process(self):
        x = normal(64, 1024, dtype=torch.float32)  # 256 kB
        cell = Cell(1024, 0.5, x, dtype=torch.float32).requires_grad_(False)
        y0 = torch.zeros_like(x)
        work = lambda: fathom.fixed_point(cell, y0, stop=fathom.Stop(rtol=1e-3))
        # A leak of one state a solve would be 40 MB; what malloc keeps for itself comes and goes by a few.
        self.assertLess(growth(work, 160), 10 * MEGABYTE)

    def test_gradients_do_not_grow_the_process(self):
        x = normal(64, 512, dtype=torch.float32).requires_grad_()
        cell = Cell(512, 0.5, x, dtype=torch.float32)

        def work():
            e = fathom.equilibrium(cell, torch.zeros(64, 512), stop=fathom.Stop(rtol=1e-3))
            torch.autograd.grad(e.y.sum(), (cell.weight, x))  # 1 MB and 128 kB

        self.assertLess(growth(work, 40), 8 * MEGABYTE)

    def test_failures_do_not_grow_the_process(self):
        y0 = torch.zeros(64, 1024)

        def work():
            def G(y):
                raise ArithmeticError(y.clone())

            try:
                fathom.fixed_point(G, y0)
            except ArithmeticError:
                pass

        self.assertLess(growth(work, 160), 10 * MEGABYTE)  # a leak of one state a failure would be 40 MB


if __name__ == "__main__":
    unittest.main()
