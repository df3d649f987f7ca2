"""bench/peers/run.py: what is skipped, what is an error, and what the record holds. Scripts stand for the programs."""
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

PEERS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"
sys.path.insert(0, str(PEERS))
import problems  # noqa: E402
import run  # noqa: E402


def measure(problem, case, unit, value):
    return {"problem": problem, "case": case, "unit": unit, "value": value}


OURS = {"peer": "Fathom", "version": "1", "measures": [
    measure("cost", "64x512 anderson", "bare f", 1.25), measure("cost", "64x512 anderson, packed", "us", 300),
    measure("spread", "anderson", "calls", 18),
    measure("training step", "anderson", "ms", 10), measure("batch-mates", "anderson", "relative difference", 0)]}
THEIRS = {"peer": "KINSOL", "version": "6", "measures": [
    measure("cost", "64x512 anderson", "bare f", 2.5), measure("cost", "64x512 anderson", "us", 900),
    measure("training step", "picard", "ms", 30),
    measure("batch-mates", "anderson", "relative difference", 1e-5)]}


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(problems, "write"))  # the stand-ins read nothing
        self.program("bench_peers_fathom", OURS)

    def program(self, name, answers, code=0):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answers)}\nEND\nexit {code}\n")
        path.chmod(0o755)

    def ask(self, *arguments):
        """Exit code (or message), and what was printed."""
        words = ["run.py", "--out", str(self.folder / "record"), "--programs", str(self.folder), *arguments]
        said = io.StringIO()
        with mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            try:
                run.main()
                return 0, said.getvalue()
            except SystemExit as end:
                return end.code, said.getvalue()

    def record(self):
        return json.loads((self.folder / "record.json").read_text())

    def test_a_report_without_any_peer_is_an_error(self):
        code, said = self.ask("--only", "KINSOL")
        self.assertIn("every peer was skipped", code)
        self.assertIn("skipped: KINSOL is not installed", said)
        self.assertFalse((self.folder / "record.json").exists())

    def test_an_interpreter_without_the_module_skips_the_peer(self):
        self.program("python", {}, code=1)
        self.program("bench_peers_kinsol", THEIRS)
        code, said = self.ask("--only", "KINSOL", "--only", "jaxopt", "--python", f"jaxopt={self.folder / 'python'}")
        self.assertEqual(code, 0)
        self.assertIn("skipped: jaxopt is not installed", said)
        self.assertEqual(self.record()["skipped"], ["jaxopt"])

    def test_ratios_are_the_peers_over_ours(self):
        self.program("bench_peers_kinsol", THEIRS)
        self.assertEqual(self.ask("--only", "KINSOL")[0], 0)
        cost, packed, *_ = self.record()["rows"]
        self.assertEqual(packed["peers"]["KINSOL"]["ratio"], 3)  # the packed cell is set beside the peer's only f
        self.assertNotIn("entry", packed)
        rows = {row["problem"]: row for row in self.record()["rows"]} | {"cost": cost}
        self.assertEqual(rows["cost"]["peers"]["KINSOL"], {"value": 2.5, "ratio": 2.0})
        self.assertEqual(rows["cost"]["entry"], "solve_anderson/64/512")
        self.assertEqual(rows["spread"]["peers"], {})
        self.assertEqual(rows["training step"]["peers"]["KINSOL"]["ratio"], 3)  # by whatever solver the peer has
        self.assertIsNone(rows["batch-mates"]["peers"]["KINSOL"]["ratio"])  # ours is 0
        table = (self.folder / "record.md").read_text()
        self.assertIn("| 64x512 anderson | bare f | 1.25 | KINSOL | 2.5 | 2 |", table)
        self.assertNotIn("busy", table)

    def test_a_busy_machine_is_written_down(self):
        self.program("bench_peers_kinsol", THEIRS)
        self.ask("--only", "KINSOL", "--busy")
        self.assertTrue(self.record()["machine"]["busy"])
        self.assertIn("**the machine was busy**", (self.folder / "record.md").read_text())

    def test_a_peer_that_breaks_down_is_an_error_and_named(self):
        self.program("bench_peers_kinsol", THEIRS, code=3)
        code, said = self.ask("--only", "KINSOL")
        self.assertTrue(code)
        self.assertIn("broken: KINSOL", said)

    def test_an_unknown_peer_is_refused(self):
        self.assertIn("no such peer: jaxop", self.ask("--only", "jaxop")[0])

    def test_where_interpreters_lie_is_not_recorded(self):
        self.program("bench_peers_kinsol", THEIRS)
        self.ask("--only", "KINSOL", "--python", "jaxopt=/some/where/python")
        self.assertNotIn("/some/where", (self.folder / "record.json").read_text())


class Spread(unittest.TestCase):
    def test_picard_counts_the_calls_of_a_linear_contraction(self):
        """z -> tanh(z/2 + small): the residual halves, so that rtol 1e-4 takes 14 or 15 calls."""
        import numpy as np
        calls = problems.picard_calls(0.5 * np.eye(3), np.full((2, 3), 1e-6))
        self.assertIn(calls, (14, 15))


if __name__ == "__main__":
    unittest.main()
