import copy
import math
import pickle
import signal
import threading
import traceback
import unittest

import torch

import fathom
from maps import COSINE, Cell, contractive_weight, normal

SOLVERS = [fathom.Picard(), fathom.Anderson(), fathom.Anderson(type=1), fathom.Broyden(), fathom.NewtonKrylov(),
           fathom.Escalate(), fathom.solve.Reversible()]


class Values(unittest.TestCase):
    def test_every_solver_finds_the_cosine(self):
        for dtype, rtol in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
            for solver in SOLVERS:
                with self.subTest(solver=solver, dtype=dtype):
                    s = fathom.fixed_point(torch.cos, torch.zeros(3, 2, dtype=dtype), solver,
                                           fathom.Stop(rtol=rtol, max_iter=200))
                    self.assertEqual(s.status, ["converged"] * 3)
                    self.assertTrue(s.converged)
                    self.assertEqual(s.y.dtype, dtype)
                    # ||y - y*|| <= ||r|| / (1 - |cos'|), cos' = -sin(.739) = -.674
                    bound = rtol * COSINE * math.sqrt(2) / (1 - 0.674) + 1e-15
                    self.assertLess((s.y - COSINE).norm(dim=1).max().item(), bound)

    def test_affine_map_against_a_linear_solve(self):
        weight, x = contractive_weight(6, 0.7), normal(4, 6)
        s = fathom.fixed_point(lambda y: y @ weight.T + x, torch.zeros(4, 6, dtype=torch.float64),
                               stop=fathom.Stop(rtol=1e-12))
        exact = torch.linalg.solve(torch.eye(6, dtype=torch.float64) - weight, x.T).T
        self.assertLess((s.y - exact).abs().max().item(), 1e-10)

    def test_several_tensors_come_and_go_as_a_tuple(self):
        def swap(y):
            a, b = y
            return torch.cos(b[:, :, 0]), torch.cos(a).unsqueeze(2)

        s = fathom.fixed_point(swap, (torch.zeros(2, 3), torch.zeros(2, 3, 1)), stop=fathom.Stop(rtol=1e-5))
        self.assertIsInstance(s.y, tuple)
        self.assertEqual([tuple(part.shape) for part in s.y], [(2, 3), (2, 3, 1)])
        for part in s.y:
            self.assertLess((part - COSINE).abs().max().item(), 1e-4)

    def test_trace_and_kept_iterates(self):
        s = fathom.fixed_point(torch.cos, torch.zeros(1, 1, dtype=torch.float64), fathom.Picard(),
                               fathom.Stop(rtol=1e-3), residuals=True, keep=[0, 2])
        self.assertEqual(s.kept, [0, 2])
        self.assertEqual(s.iterates[0].item(), 0)
        self.assertEqual(s.iterates[1].item(), math.cos(1))
        self.assertEqual(len(s.residuals), s.calls)
        self.assertEqual(s.residuals[0], [1.0])

    def test_no_graph_is_recorded(self):
        weight = contractive_weight(3, 0.5).requires_grad_()
        seen = []

        def G(y):
            seen.append(torch.is_grad_enabled())
            return torch.tanh(y @ weight)

        self.assertFalse(fathom.fixed_point(G, normal(2, 3)).y.requires_grad)
        self.assertNotIn(True, seen)
        self.assertTrue(torch.is_grad_enabled())


class Statuses(unittest.TestCase):
    def test_each_is_told(self):
        zeros = torch.zeros(1, 2)
        stop = fathom.Stop(max_iter=30)
        self.assertEqual(fathom.fixed_point(lambda y: 3 * y + 1, zeros, fathom.Picard(), stop).status, ["diverged"])
        self.assertEqual(fathom.fixed_point(torch.cos, zeros, fathom.Picard(), fathom.Stop(max_iter=3)).status,
                         ["max_iter"])
        flip = fathom.fixed_point(lambda y: 1 - y, zeros, fathom.Picard(), stop)
        self.assertEqual(flip.status, ["stagnated"])
        slow = fathom.fixed_point(lambda y: y + 1e-3, zeros, fathom.Picard(), fathom.Stop(seconds=1e-9, patience=99))
        self.assertEqual(slow.status, ["budget"])

    def test_nan_in_one_row_harms_that_row_alone(self):
        x = normal(3, 4)
        x[1, 2] = math.nan
        s = fathom.fixed_point(Cell(4, 0.5, x), torch.zeros_like(x), stop=fathom.Stop(rtol=1e-8))
        self.assertEqual(s.status, ["converged", "nonfinite", "converged"])
        self.assertEqual((s.count("converged"), s.count("nonfinite"), s.count("max_iter")), (2, 1, 0))
        alone = fathom.fixed_point(Cell(4, 0.5, x[2:]), torch.zeros_like(x[2:]), stop=fathom.Stop(rtol=1e-8))
        self.assertLess((alone.y[0] - s.y[2]).abs().max().item(), 1e-7)

    def test_require_is_itself_or_an_error(self):
        good = fathom.fixed_point(torch.cos, torch.zeros(1, 1))
        self.assertIs(good.require(), good)
        bad = fathom.fixed_point(torch.cos, torch.zeros(1, 1), stop=fathom.Stop(max_iter=1))
        with self.assertRaisesRegex(fathom.Error, "max_iter"):
            bad.require()
        self.assertRegex(repr(bad), r"<fathom.Solution: converged 0/1, 1 iterations")


class Rows(unittest.TestCase):
    def test_a_row_does_not_depend_on_its_batch_mates(self):
        x = normal(8, 5)
        x[3] *= 0.01  # weakly saturated: slow
        stop = fathom.Stop(rtol=1e-9)
        whole = fathom.fixed_point(Cell(5, 0.95, x), torch.zeros_like(x), stop=stop)
        for row in range(8):
            one = fathom.fixed_point(Cell(5, 0.95, x[row:row + 1]), torch.zeros(1, 5, dtype=torch.float64), stop=stop)
            self.assertEqual(one.iterations[0], whole.iterations[row])
            self.assertLess((one.y[0] - whole.y[row]).abs().max().item(), 1e-6)

    def test_rows_that_are_done_are_dropped(self):
        gains = torch.tensor([[0.1], [0.1], [0.9], [0.1]], dtype=torch.float64)
        asked = []

        def G(y, rows):
            asked.append(None if rows is None else rows.tolist())
            return (gains if rows is None else gains[rows]) * y + 1

        stop = fathom.Stop(rtol=1e-6, max_iter=300)
        s = fathom.fixed_point(G, torch.zeros(4, 1, dtype=torch.float64), fathom.Picard(), stop)
        self.assertEqual(asked[0], None)
        self.assertEqual(asked[-1], [2])
        self.assertEqual(s.rows_evaluated, sum(4 if rows is None else len(rows) for rows in asked))
        # |y - y*| = ||r|| / (1 - gain) <= 1e-6 * 10 / 0.1
        self.assertLess((s.y - 1 / (1 - gains)).abs().max().item(), 1e-4)
        whole = fathom.fixed_point(G, torch.zeros(4, 1, dtype=torch.float64), fathom.Picard(), stop,
                                   fathom.Loop(compact=False))
        self.assertEqual(whole.rows_evaluated, 4 * whole.calls)
        self.assertTrue(torch.equal(whole.y, s.y))

    def test_captures_by_default_argument_are_no_rows(self):
        x = torch.ones(2, 2)
        s = fathom.fixed_point(lambda y, x=x: 0.5 * y + x, torch.zeros(2, 2))
        self.assertLess((s.y - 2).abs().max().item(), 1e-4)


class Options(unittest.TestCase):
    def test_keywords_and_attributes(self):
        options = fathom.Anderson(depth=8, damping=0.5)
        self.assertEqual((options.depth, options.damping, options.ridge), (8, 0.5, 1e-8))
        options.depth = 3
        self.assertEqual(options, fathom.Anderson(depth=3, damping=0.5))
        self.assertNotEqual(options, fathom.Anderson())
        self.assertTrue(repr(options).startswith("Anderson(depth=3, damping=0.5, "), repr(options))
        self.assertEqual(fathom.Stop().seconds, math.inf)
        self.assertEqual(eval(repr(fathom.Picard(damping=0.25)), {"Picard": fathom.Picard}), fathom.Picard(damping=0.25))

    def test_out_of_bounds_is_a_value_error_with_the_librarys_text(self):
        text = r"\[options\] depth = 0 violates \[1, 32\]; choose a value inside the bound"
        for error in (ValueError, RuntimeError, fathom.Error, fathom.UsageError):
            with self.assertRaisesRegex(error, text):
                fathom.Anderson(depth=0)
        options = fathom.Anderson()
        with self.assertRaisesRegex(ValueError, text):
            options.depth = 0
        self.assertEqual(options.depth, 5)
        with self.assertRaisesRegex(ValueError, "did you mean 'depth'"):
            fathom.Anderson(dpeth=3)
        with self.assertRaisesRegex(ValueError, "did you mean 'gmres'"):
            fathom.Implicit(adjoint="gmers")

    def test_values_of_another_type(self):
        self.assertEqual(fathom.Anderson(depth=torch.tensor(4)).depth, 4)
        self.assertEqual(fathom.Stop(rtol=1).rtol, 1.0)
        with self.assertRaisesRegex(TypeError, "depth = '5' violates type integer"):
            fathom.Anderson(depth="5")
        with self.assertRaisesRegex(ValueError, "'2.5' violates type integer"):
            fathom.Anderson(depth=2.5)
        with self.assertRaisesRegex(TypeError, "violates type bool"):
            fathom.Loop(compact=1)
        with self.assertRaisesRegex(TypeError, "anderson = 3 violates type options"):
            fathom.Implicit(anderson=3)

    def test_nested_options(self):
        options = fathom.Escalate(anderson=fathom.Anderson(depth=7), picard=fathom.Picard(damping=0.5))
        self.assertEqual(options.anderson.depth, 7)
        self.assertEqual(options.anderson, fathom.Anderson(depth=7))
        options.anderson.depth = 9
        self.assertEqual(options.anderson.depth, 9)
        with self.assertRaisesRegex(ValueError, r"anderson.depth = 99 violates \[1, 32\]"):
            options.anderson.depth = 99
        with self.assertRaises(AttributeError):
            options.anderson.dept
        self.assertIn("picard=(damping=0.5)", repr(options))

    def test_every_class_documents_copies_and_pickles(self):
        classes = [c for m in (fathom.solve, fathom.diff, fathom.measure) for c in vars(m).values()
                   if hasattr(c, "__fields__")]
        self.assertGreater(len(classes), 18)
        for option_class in classes:
            changed = option_class()
            for field in option_class.__fields__:
                self.assertIn(field["help"], option_class.__doc__)
                if field["type"] == "integer" and "." not in field["name"]:
                    setattr(changed, field["name"], max(2, field["default"]))
            self.assertEqual(copy.deepcopy(changed), changed)
            self.assertEqual(pickle.loads(pickle.dumps(changed)), changed)

    def test_the_solver_must_be_one(self):
        with self.assertRaises(TypeError):
            fathom.fixed_point(torch.cos, torch.zeros(1, 1), solver="anderson")


class Exceptions(unittest.TestCase):
    class Own(Exception):
        pass

    def test_of_G_arrive_as_they_were_raised(self):
        raised = self.Own("third call")
        calls = []

        def G(y):
            calls.append(1)
            if len(calls) == 3:
                raise raised
            return torch.cos(y)

        try:
            fathom.fixed_point(G, torch.zeros(1, 1))
            self.fail("nothing arrived")
        except self.Own as caught:
            self.assertIs(caught, raised)
            self.assertEqual(traceback.extract_tb(caught.__traceback__)[-1].name, "G")
        self.assertEqual(len(calls), 3)

    def test_what_G_returns_is_checked(self):
        zeros = torch.zeros(2, 3)
        with self.assertRaisesRegex(TypeError, "the result of G is a str; a torch.Tensor"):
            fathom.fixed_point(lambda y: "y", zeros)
        with self.assertRaisesRegex(TypeError, "the result of G is a NoneType"):
            fathom.fixed_point(lambda y: None, zeros)
        with self.assertRaisesRegex(fathom.Error, r"G returned shape \[2, 2\] for a state of shape \[2, 3\]"):
            fathom.fixed_point(lambda y: y[:, :2], zeros)
        with self.assertRaisesRegex(fathom.Error, "G wrote into its argument"):
            fathom.fixed_point(lambda y: y.tanh_(), zeros)
        with self.assertRaisesRegex(TypeError, "y0 is a float"):
            fathom.fixed_point(torch.cos, 1.0)
        with self.assertRaises(RuntimeError):  # torch's own
            fathom.fixed_point(lambda y: y @ torch.zeros(5, 5), zeros)

    def test_ctrl_c_ends_a_solve_whose_G_runs_no_python(self):
        def interrupt(number, frame):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            with self.assertRaises(KeyboardInterrupt):
                fathom.fixed_point(torch.neg, torch.ones(1, 1), fathom.Picard(),
                                   fathom.Stop(rtol=0, max_iter=10**9, patience=10**9, seconds=120))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def test_threads_solve_side_by_side(self):
        answers = [None] * 4

        def solve(i):
            answers[i] = fathom.fixed_point(lambda y: torch.cos(y), torch.full((2, 2), float(i)),
                                            stop=fathom.Stop(rtol=1e-5)).y

        threads = [threading.Thread(target=solve, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for y in answers:
            self.assertLess((y - COSINE).abs().max().item(), 1e-4)


class Streams(unittest.TestCase):
    def test_every_sample_gets_its_answer(self):
        gains = [0.1 + 0.08 * i for i in range(11)]
        samples = ((torch.zeros(1, 1, dtype=torch.float64), torch.tensor([[g]], dtype=torch.float64)) for g in gains)
        answers = {}
        report = fathom.stream(lambda y, gain: gain * y + 1, samples, lambda a: answers.__setitem__(a.index, a),
                               fathom.Picard(), fathom.Stop(rtol=1e-8, max_iter=1000), fathom.StreamOptions(slots=3))
        self.assertEqual((report.samples, report.converged), (11, 11))
        self.assertEqual(sorted(answers), list(range(11)))
        for i, gain in enumerate(gains):
            self.assertEqual(answers[i].status, "converged")
            self.assertAlmostEqual(answers[i].y.item() * (1 - gain), 1, places=6)

    def test_exceptions_of_source_and_sink_arrive(self):
        def broken():
            yield torch.zeros(1, 1),
            raise LookupError("source")

        with self.assertRaisesRegex(LookupError, "source"):
            fathom.stream(torch.cos, broken(), lambda a: None)
        with self.assertRaisesRegex(ZeroDivisionError, "division"):
            fathom.stream(torch.cos, [(torch.zeros(1, 1),)], lambda a: 1 / 0)
        with self.assertRaises(TypeError):
            fathom.stream(torch.cos, [()], lambda a: None)


if __name__ == "__main__":
    unittest.main()
