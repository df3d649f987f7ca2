import math
import unittest

import torch

import fathom
from fathom import measure, study
from maps import Cell, contractive_weight, normal, unrolled


class Spectra(unittest.TestCase):
    def test_a_rotation_has_its_radius(self):
        turn = 0.9 * torch.tensor([[math.cos(1.0), -math.sin(1.0)], [math.sin(1.0), math.cos(1.0)]])
        found = measure.spectral_radius(lambda y: y @ turn.T, torch.zeros(3, 2))
        self.assertEqual(found.converged, [True] * 3)
        for value in found.value:
            self.assertAlmostEqual(value, 0.9, delta=1e-5)

    def test_sigma_max_is_the_norm(self):
        weight = contractive_weight(5, 1.7)
        found = measure.sigma_max(lambda y: y @ weight.T, normal(2, 5), measure.SpectralOptions(rtol=1e-8))
        for value in found.value:
            self.assertAlmostEqual(value, 1.7, delta=1e-6)

    def test_sensitivity_and_input_gain_of_a_linear_map(self):
        weight, inject = contractive_weight(4, 0.5), contractive_weight(4, 2.0, seed=3)
        G = lambda y, x: y @ weight.T + x @ inject.T
        y, x = torch.zeros(2, 4, dtype=torch.float64), normal(2, 4)
        exact = lambda m: torch.linalg.matrix_norm(m, 2).item()
        options = measure.SpectralOptions(rtol=1e-8)
        self.assertAlmostEqual(measure.input_gain(G, y, x, options).value[0], 2.0, delta=1e-6)
        self.assertAlmostEqual(measure.sensitivity(G, y, x, 2, options).value[1], exact(inject + weight @ inject),
                               delta=1e-6)


class Numbers(unittest.TestCase):
    def test_contraction_order_and_bounds(self):
        self.assertAlmostEqual(measure.contraction([0.5**t for t in range(12)]).factor, 0.5, places=6)
        self.assertTrue(math.isnan(measure.contraction([1.0]).factor))
        self.assertAlmostEqual(measure.convergence_order([10 ** -(2.0**t) for t in range(6)]).order, 2, places=6)
        self.assertEqual(measure.a_posteriori_bound(0.5, 3), 3)
        self.assertEqual(measure.residual_bound(0.5, 3), 6)
        self.assertEqual(measure.residual_bound(1, 3), math.inf)
        with self.assertRaises(fathom.Error):
            measure.residual_bound(-1, 3)

    def test_distances_and_metrics(self):
        a, b = torch.tensor([[3.0, 4.0], [0.0, 1.0]]), torch.tensor([[0.0, 0.0], [0.0, 2.0]])
        self.assertEqual(measure.distance(a, b), [5, 1])
        self.assertEqual(measure.lipschitz(a, b, b, a), [1, 1])
        self.assertTrue(math.isnan(measure.lipschitz(a, b, a, a)[0]))
        self.assertEqual(measure.rel_l2(b, a)[0], 1)
        self.assertEqual(measure.mse(a, b), [12.5, 0.5])
        self.assertAlmostEqual(measure.psnr(a, b, 1.0)[1], 10 * math.log10(2), places=12)

    def test_residual_and_floor(self):
        found = measure.residual(torch.cos, torch.zeros(2, 4))
        self.assertEqual((found.absolute, found.relative), ([2, 2], [1, 1]))
        s = fathom.fixed_point(torch.cos, torch.zeros(2, 4), stop=fathom.Stop(rtol=1e-6))
        self.assertLess(max(measure.residual_floor(torch.cos, s.y).epsilons), 8)

    def test_path_independence(self):
        x = normal(2, 4)
        starts = measure.random_starts(torch.zeros_like(x), 3, 2.0)
        self.assertEqual(len(starts), 3)
        self.assertAlmostEqual(starts[1][0].norm().item(), 2, places=9)
        found = measure.path_independence(Cell(4, 0.5, x), starts, stop=fathom.Stop(rtol=1e-9))
        self.assertEqual(found.converged, [3, 3])
        self.assertLess(max(found.distance), 4e-9)
        # y -> 3y / (1 + y^2) has the fixed points 0, sqrt 2 and -sqrt 2
        many = measure.path_independence(lambda y: 3 * y / (1 + y * y), [-torch.ones(1, 1), torch.ones(1, 1)],
                                         fathom.Picard(), fathom.Stop(max_iter=500))
        self.assertAlmostEqual(many.distance[0], 2, places=3)


class Study(unittest.TestCase):
    def test_unroll_follows_the_iterates(self):
        x = normal(3, 4)
        cell = Cell(4, 0.5, x)
        zeros = torch.zeros_like(x)
        curves = study.unroll(cell, zeros, 6, {"size": lambda t, y, y_next: y.norm(dim=1)}, model="cell")
        self.assertEqual([(c.model, c.quantity) for c in curves], [("cell", "residual"), ("cell", "size")])
        self.assertEqual(curves[0].t, [0, 1, 2, 3, 4, 5, 6])
        for t in range(7):
            with torch.no_grad():
                y = unrolled(cell, zeros, t)
                following = cell(y)
            self.assertAlmostEqual(curves[1].mean[t], y.norm(dim=1).mean().item(), places=12)
            relative = (following - y).norm(dim=1) / following.norm(dim=1)
            self.assertAlmostEqual(curves[0].max[t], relative.max().item(), places=12)

    def test_a_probe_may_fail(self):
        with self.assertRaises(ZeroDivisionError):
            study.unroll(torch.cos, torch.zeros(1, 1), 2, {"bad": lambda t, y, y_next: [1 / 0]})

    def test_diagnosis_of_a_contraction(self):
        x = normal(3, 4)
        d = study.diagnose(Cell(4, 0.5, x), torch.zeros_like(x), fathom.Stop(rtol=1e-9))
        self.assertEqual(d.picard_status, ["converged"] * 3)
        self.assertLess(max(d.sigma_max), 0.5 + 1e-9)
        self.assertTrue(d.verdict.startswith("The block is contractive at every fixed point probed."), d.verdict)

    def test_regularity_of_a_module(self):
        weight = contractive_weight(4, 0.5)
        r = study.regularity(lambda y, x: torch.tanh(y @ weight.T + x), torch.zeros(2, 4, dtype=torch.float64),
                             normal(2, 4), iterations=4)
        self.assertEqual(r.t, [0, 1, 2, 4])
        self.assertIn("looks regular", r.verdict)
        self.assertLessEqual(max(max(row) for row in r.mu), 0.5 + 1e-9)
        self.assertTrue(math.isnan(r.sensitivity[0][0]))  # y_0 does not depend on x
        self.assertLessEqual(max(max(row) for row in r.sensitivity[1:]), 2 + 1e-9)  # 1 / (1 - mu)


if __name__ == "__main__":
    unittest.main()
