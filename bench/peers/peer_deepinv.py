"""deepinv's solver of deep equilibria (deepinv.optim.FixedPoint, with its Anderson acceleration) on the problems. Its implicit
gradient belongs to its own optimisers of inverse problems, and is not asked."""
import importlib.metadata

import torch
from deepinv.optim import AndersonAccelerationConfig, FixedPoint

import problems
from answers import Answers, folder_asked, median_seconds, print_all, relative, wasted


class Iteration:
    """f as an iterator of deepinv, which keeps the residuals of its last call and counts each row's calls."""

    cost_fn = None

    def __init__(self, f, rtol):
        self.f, self.rtol = f, rtol
        self.calls, self.needed, self.done = 0, None, False

    def __call__(self, state, *_):
        z = state["est"][0]
        g = self.f(z)
        self.calls += 1
        passed = (g - z).norm(dim=1) <= self.rtol * g.norm(dim=1)
        if self.needed is None:
            self.needed = torch.zeros(len(z), dtype=torch.long)
        self.needed[passed & (self.needed == 0)] = self.calls
        self.done = bool(passed.all())
        return {"est": (g,), "cost": None}


def solve(name, f, start, max_iter=problems.MAX_ITERATIONS, rtol=problems.RTOL):
    iteration = Iteration(f, rtol)
    anderson = AndersonAccelerationConfig(history_size=problems.DEPTH + 1) if name == "anderson" else None
    solver = FixedPoint(
        iterator=iteration,
        init_iterate_fn=lambda *_, **__: {"est": (start,), "cost": None},
        check_conv_fn=lambda *_: iteration.done,
        max_iter=max_iter,
        anderson_acceleration_config=anderson,
    )
    return solver(None)[0]["est"][0], iteration


def tensors(folder, name):
    return {key: torch.from_numpy(x) for key, x in problems.read(folder, name).items()}


def cell(at, rows=None):
    inj = at["inj"][:rows]
    return lambda z: torch.addmm(inj, z, at["W"]).tanh_(), torch.zeros_like(inj)


def ask_cost(folder, answers):
    for batch, width in problems.COST_SIZES:
        f, start = cell(tensors(folder, f"cost-{batch}x{width}"))
        n = problems.COST_ITERATIONS

        def bare():
            z = start
            for _ in range(n):
                z = f(z)

        bare_seconds = median_seconds(bare)
        for name in ("picard", "anderson"):
            seconds = median_seconds(lambda: solve(name, f, start, n, rtol=0.0))
            answers.add("cost", f"{batch}x{width} {name}", "bare f", seconds / bare_seconds)
            answers.add("cost", f"{batch}x{width} {name}", "us", 1e6 * seconds / n)


def ask_spread(folder, answers):
    f, start = cell(tensors(folder, "spread"))
    for name in ("picard", "anderson"):
        _, iteration = solve(name, f, start)
        answers.add("spread", name, "calls", iteration.calls)
        answers.add("spread", name, "ms", 1e3 * median_seconds(lambda: solve(name, f, start)))


def ask_hard_row(folder, answers):
    at = tensors(folder, "hard-row")
    f, start = lambda z: (at["gain"] * (z @ at["W"])).add_(at["inj"]).tanh_(), torch.zeros_like(at["inj"])
    for name in ("picard", "anderson"):
        _, iteration = solve(name, f, start)
        answers.add("hard row", name, "share wasted", wasted(iteration.needed, iteration.calls * len(start)))
        answers.add("hard row", name, "ms", 1e3 * median_seconds(lambda: solve(name, f, start)))


def ask_batch_mates(folder, answers):
    at = tensors(folder, "spread")
    first_row = lambda rows: solve("anderson", *cell(at, rows))[0][0]
    answers.add("batch-mates", "anderson", "relative difference", relative(first_row(64), first_row(1)))


def main():
    folder = folder_asked()
    torch.set_num_threads(1)
    answers = Answers("deepinv", f"{importlib.metadata.version('deepinv')}, torch {torch.__version__}")
    with torch.no_grad():
        for ask in (ask_cost, ask_spread, ask_hard_row, ask_batch_mates):
            ask(folder, answers)
    print_all(answers)


main()
