import threading
import unittest

import torch

import fathom
from maps import Cell, contractive_weight, normal, unrolled

TIGHT = fathom.Stop(rtol=1e-12, max_iter=500)


def gradients_of(y, tensors):
    weights = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).view_as(y)
    return torch.autograd.grad((weights * y + y * y).sum(), tensors)


def reference(G, x, tensors, steps=300):
    return gradients_of(unrolled(G, torch.zeros_like(x), steps), tensors)


class Gradients(unittest.TestCase):
    def setUp(self):
        self.x = normal(4, 5).requires_grad_()
        self.cell = Cell(5, 0.7, self.x)
        self.wanted = reference(self.cell, self.x, (self.cell.weight, self.x))

    def assert_close(self, found, tolerance):
        for ours, theirs in zip(found, self.wanted):
            self.assertLess((ours - theirs).abs().max().item(), tolerance * (1 + theirs.abs().max().item()))

    def test_those_exact_at_the_equilibrium_agree_with_a_long_unroll(self):
        for gradient in (fathom.Implicit(rtol=1e-10), fathom.Implicit(rtol=1e-10, adjoint="gmres"),
                         fathom.Implicit(rtol=1e-10, adjoint="picard", max_iter=500), fathom.Adaptive(rtol=1e-10),
                         fathom.Neumann(terms=300), fathom.Unrolled(steps=300), fathom.Checkpointed(steps=300),
                         fathom.Phantom(steps=300, damping=1.0), fathom.Truncated(steps=400, last=200),
                         fathom.diff.Reversible(steps=300, damping=0.5)):
            with self.subTest(gradient=gradient):
                e = fathom.equilibrium(self.cell, torch.zeros_like(self.x), gradient=gradient, stop=TIGHT)
                self.assert_close(gradients_of(e.y, (self.cell.weight, self.x)), 1e-6)

    def test_jacobian_free_is_one_step(self):
        e = fathom.equilibrium(self.cell, torch.zeros_like(self.x), gradient=fathom.JacobianFree(), stop=TIGHT)
        found = gradients_of(e.y, (self.cell.weight, self.x))
        at = unrolled(self.cell, torch.zeros_like(self.x), 300).detach()
        for ours, theirs in zip(found, gradients_of(self.cell(at), (self.cell.weight, self.x))):
            self.assertLess((ours - theirs).abs().max().item(), 1e-9)

    def test_every_solver_gives_the_same_gradient(self):
        for solver in (fathom.Picard(), fathom.Anderson(), fathom.Broyden(), fathom.NewtonKrylov()):
            e = fathom.equilibrium(self.cell, torch.zeros_like(self.x), solver, fathom.Implicit(rtol=1e-10), TIGHT)
            self.assert_close(gradients_of(e.y, (self.cell.weight, self.x)), 1e-6)

    def test_adjoint_is_reported(self):
        e = fathom.equilibrium(self.cell, torch.zeros_like(self.x), stop=TIGHT)
        self.assertFalse(e.adjoint.converged)
        self.assertEqual(e.adjoint.message, "the backward pass has not run.")
        e.y.sum().backward()
        self.assertTrue(e.adjoint.converged)
        self.assertEqual(e.adjoint.status, ["converged"] * 4)
        self.assertEqual(e.adjoint.method, "anderson")
        self.assertLessEqual(e.adjoint.worst_relative_residual, 1e-6)
        self.assertIsNone(e.drift)
        self.assertTrue(e.solution.converged)
        self.assertRegex(repr(e), "<fathom.Equilibrium: converged 4/4")

    def test_drift_is_reported(self):
        e = fathom.equilibrium(self.cell, torch.zeros_like(self.x), gradient=fathom.diff.Reversible(steps=20))
        e.y.sum().backward()
        self.assertTrue(e.drift.good, e.drift.message)
        self.assertIsNone(e.adjoint)

    def test_nothing_is_recorded_without_grad(self):
        with torch.no_grad():
            e = fathom.equilibrium(self.cell, torch.zeros_like(self.x))
        self.assertFalse(e.y.requires_grad)

    def test_several_tensors(self):
        def G(y):
            a, b = y
            return torch.tanh(b @ self.cell.weight + self.x), torch.tanh(a @ self.cell.weight.T - self.x)

        zeros = (torch.zeros_like(self.x), torch.zeros_like(self.x))
        e = fathom.equilibrium(G, zeros, gradient=fathom.Implicit(rtol=1e-10), stop=TIGHT)
        y = zeros
        for _ in range(300):
            y = G(y)
        found = gradients_of(e.y[0] * e.y[1], (self.cell.weight, self.x))
        for ours, theirs in zip(found, gradients_of(y[0] * y[1], (self.cell.weight, self.x))):
            self.assertLess((ours - theirs).abs().max().item(), 1e-6)

    def test_an_autograd_function_in_python_inside_G(self):
        class Tanh(torch.autograd.Function):
            @staticmethod
            def forward(ctx, v):
                y = torch.tanh(v)
                ctx.save_for_backward(y)
                return y

            @staticmethod
            def backward(ctx, u):
                (y,) = ctx.saved_tensors
                return u * (1 - y * y)

        e = fathom.equilibrium(lambda y: Tanh.apply(y @ self.cell.weight.T + self.x), torch.zeros_like(self.x),
                               gradient=fathom.Implicit(rtol=1e-10), stop=TIGHT)
        self.assert_close(gradients_of(e.y, (self.cell.weight, self.x)), 1e-6)


class SecondDerivatives(unittest.TestCase):
    def test_gradcheck_and_gradgradcheck(self):
        x = normal(2, 3).requires_grad_()
        weight = contractive_weight(3, 0.6).requires_grad_()
        zeros = torch.zeros(2, 3, dtype=torch.float64)
        for gradient in (fathom.Implicit(rtol=1e-12), fathom.Implicit(rtol=1e-12, adjoint="gmres")):
            def y_of(weight, x, gradient=gradient):
                return fathom.equilibrium(lambda y: torch.tanh(y @ weight.T + x), zeros, gradient=gradient,
                                          stop=TIGHT).y

            self.assertTrue(torch.autograd.gradcheck(y_of, (weight, x), atol=1e-6))
            self.assertTrue(torch.autograd.gradgradcheck(y_of, (weight, x), atol=1e-6))

    def test_a_gradient_penalty_trains(self):
        x = normal(3, 4).requires_grad_()
        cell = Cell(4, 0.6, x)
        e = fathom.equilibrium(cell, torch.zeros(3, 4, dtype=torch.float64), gradient=fathom.Implicit(rtol=1e-11),
                               stop=TIGHT)
        (slope,) = torch.autograd.grad(e.y.sum(), x, create_graph=True)
        (found,) = torch.autograd.grad(slope.square().sum(), cell.weight)
        y = unrolled(cell, torch.zeros(3, 4, dtype=torch.float64), 200)
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (wanted,) = torch.autograd.grad(slope.square().sum(), cell.weight)
        self.assertLess((found - wanted).abs().max().item(), 1e-6 * wanted.abs().max().item())


class Modules(unittest.TestCase):
    def module(self):
        torch.manual_seed(0)
        inner = torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.LayerNorm(6), torch.nn.Tanh())
        return inner.double()

    def test_parameters_get_their_gradients_in_train_and_eval_mode(self):
        x = normal(3, 6)
        for mode in (True, False):
            module = self.module().train(mode)
            G = lambda y: 0.3 * module(y) + x
            e = fathom.equilibrium(G, torch.zeros_like(x), gradient=fathom.Implicit(rtol=1e-11), stop=TIGHT)
            e.y.square().sum().backward()
            found = [p.grad.clone() for p in module.parameters()]
            module.zero_grad()
            unrolled(G, torch.zeros_like(x), 100).square().sum().backward()
            for ours, p in zip(found, module.parameters()):
                self.assertLess((ours - p.grad).abs().max().item(), 1e-6)

    def test_a_module_is_a_map(self):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(6, 6), torch.nn.Tanh()).double()  # |weight| <= 6^-1/2
        s = fathom.fixed_point(module, torch.zeros(2, 6, dtype=torch.float64), stop=fathom.Stop(rtol=1e-9))
        self.assertTrue(s.converged)
        self.assertLess((module(s.y) - s.y).norm().item(), 1e-8)

    def test_dropout_in_eval_mode_is_the_identity(self):
        x = normal(2, 6)
        module = torch.nn.Sequential(self.module(), torch.nn.Dropout(0.5)).eval()
        s = fathom.fixed_point(lambda y: 0.3 * module(y) + x, torch.zeros_like(x), stop=TIGHT)
        self.assertTrue(s.converged)


class Threads(unittest.TestCase):
    def test_backward_passes_of_several_threads(self):
        x = normal(3, 4)
        found = [None] * 4
        gradients = (fathom.Implicit(rtol=1e-10), fathom.Checkpointed(steps=200), fathom.diff.Reversible(steps=200),
                     fathom.Unrolled(steps=200))

        def work(i):
            cell = Cell(4, 0.6, x)
            e = fathom.equilibrium(cell, torch.zeros_like(x), gradient=gradients[i], stop=TIGHT)
            found[i] = gradients_of(e.y, (cell.weight,))[0]

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        cell = Cell(4, 0.6, x)
        (wanted,) = reference(cell, x, (cell.weight,))
        for gradient in found:
            self.assertLess((gradient - wanted).abs().max().item(), 1e-6)


class Failures(unittest.TestCase):
    def test_a_nan_row_gives_no_gradient_and_harms_no_other(self):
        x = normal(3, 4)
        x[1, 0] = float("nan")
        cell = Cell(4, 0.6, x)
        e = fathom.equilibrium(cell, torch.zeros_like(x), gradient=fathom.Implicit(rtol=1e-10), stop=TIGHT)
        self.assertEqual(e.solution.status, ["converged", "nonfinite", "converged"])
        e.y[[0, 2]].sum().backward()
        good = Cell(4, 0.6, x[[0, 2]])
        unrolled(good, torch.zeros(2, 4, dtype=torch.float64), 200).sum().backward()
        self.assertLess((cell.weight.grad - good.weight.grad).abs().max().item(), 1e-6)

    def test_an_exception_of_G_in_the_backward_pass_arrives(self):
        class Own(Exception):
            pass

        raised = Own("again")
        weight = contractive_weight(3, 0.5).requires_grad_()
        backward = []

        def G(y):
            if backward:
                raise raised
            return torch.tanh(y @ weight + 1)

        for gradient in (fathom.Checkpointed(steps=9), fathom.diff.Reversible(steps=9)):
            backward.clear()
            e = fathom.equilibrium(G, torch.zeros(2, 3, dtype=torch.float64), gradient=gradient)
            backward.append(1)
            with self.assertRaises(Own) as caught:
                e.y.sum().backward()
            self.assertIs(caught.exception, raised)

    def test_a_second_backward_says_how(self):
        weight = contractive_weight(3, 0.5).requires_grad_()
        e = fathom.equilibrium(lambda y: torch.tanh(y @ weight + 1), torch.zeros(2, 3, dtype=torch.float64))
        loss = e.y.sum()
        loss.backward()
        with self.assertRaisesRegex(RuntimeError, "retain_graph"):
            loss.backward()

    def test_options_that_contradict_each_other(self):
        with self.assertRaisesRegex(fathom.Error, "truncated.last = 9 violates <= truncated.steps"):
            fathom.equilibrium(torch.cos, torch.zeros(1, 1), gradient=fathom.Truncated(steps=3, last=9))


class Regularisers(unittest.TestCase):
    def test_jacobian_norm_against_the_jacobian(self):
        weight, x = contractive_weight(4, 0.8), normal(1, 4)
        G = lambda y: torch.tanh(y @ weight.T + x)
        y = normal(1, 4, seed=7)
        jacobian = torch.autograd.functional.jacobian(lambda v: G(v[None])[0], y[0])
        exact = jacobian.square().sum().item()
        torch.manual_seed(0)
        samples = 2000
        found = fathom.diff.jacobian_norm(G, y, samples).item()
        deviation = (2 * (jacobian @ jacobian.T).square().sum().item() / samples) ** 0.5
        self.assertLess(abs(found - exact), 4 * deviation)

    def test_spectral_norm_and_its_derivative(self):
        weight = contractive_weight(4, 0.8).requires_grad_()
        y = normal(2, 4)
        value = fathom.diff.spectral_norm(lambda v: v @ weight.T, y, fathom.diff.SpectralPenalty(products=300))
        self.assertLess((value - 0.8).abs().max().item(), 1e-6)
        (found,) = torch.autograd.grad(value[0], weight)
        (wanted,) = torch.autograd.grad(torch.linalg.matrix_norm(weight, 2), weight)
        self.assertLess((found - wanted).abs().max().item(), 1e-3)

    def test_supervised_iterates(self):
        weight = contractive_weight(3, 0.5).requires_grad_()
        G = lambda y: torch.tanh(y @ weight + 1)
        zeros = torch.zeros(2, 3, dtype=torch.float64)
        steps = fathom.diff.supervised(G, zeros, [1, 3], recorded=1, discount=0.5)
        self.assertEqual([(t, weight) for t, _, weight in steps], [(1, 0.5), (3, 1.0)])
        self.assertTrue(torch.equal(steps[1][1].detach(), unrolled(G, zeros, 3).detach()))
        self.assertTrue(steps[0][1].requires_grad)


if __name__ == "__main__":
    unittest.main()
