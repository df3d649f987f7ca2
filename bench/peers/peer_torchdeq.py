"""torchdeq on the problems: at its defaults, and with the ridge of Anderson at 1e-10. Its stop rule in mode 'rel' is ours."""
import importlib.metadata

import torch
import torchdeq
from torchdeq.solver import anderson_solver, fixed_point_iter

import problems
from answers import Answers, folder_asked, median_seconds, print_all, relative, wasted

DEFAULTS, TIGHT = {}, {"lam": 1e-10}


def tensors(folder, name):
    return {key: torch.from_numpy(x) for key, x in problems.read(folder, name).items()}


def cell(w, inj):
    return lambda z: torch.addmm(inj, z, w).tanh_()


def methods(ridge):
    """Anderson's window of DEPTH differences is one of DEPTH + 1 points."""
    return {
        "picard": fixed_point_iter,
        "anderson": lambda f, z, **k: anderson_solver(f, z, m=problems.DEPTH + 1, **ridge, **k),
    }


def ask_cost(folder, ridge, answers):
    for batch, width in problems.COST_SIZES:
        at = tensors(folder, f"cost-{batch}x{width}")
        f, start = cell(at["W"], at["inj"]), torch.zeros_like(at["inj"])

        def bare():
            z = start
            for _ in range(problems.COST_ITERATIONS):
                z = f(z)

        bare_seconds = median_seconds(bare)
        for name, solve in methods(ridge).items():
            seconds = median_seconds(lambda: solve(f, start, max_iter=problems.COST_ITERATIONS, tol=0.0))
            answers.add("cost", f"{batch}x{width} {name}", "bare f", seconds / bare_seconds)
            answers.add("cost", f"{batch}x{width} {name}", "us", 1e6 * seconds / problems.COST_ITERATIONS)


class Counting:
    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, z):
        self.calls += 1
        return self.f(z)


STOP = {"max_iter": problems.MAX_ITERATIONS, "tol": problems.RTOL, "stop_mode": "rel"}


def ask_spread(folder, ridge, answers):
    at = tensors(folder, "spread")
    f, start = cell(at["W"], at["inj"]), torch.zeros_like(at["inj"])
    for name, solve in methods(ridge).items():
        counting = Counting(f)
        solve(counting, start, **STOP)
        answers.add("spread", name, "calls", counting.calls)
        answers.add("spread", name, "ms", 1e3 * median_seconds(lambda: solve(f, start, **STOP)))


def first_below(trace):
    """Calls of each row until its residual first passed; Anderson starts with two calls that it does not judge."""
    passed = trace < problems.RTOL
    return passed.double().argmax(dim=1)


def ask_hard_row(folder, ridge, answers):
    at = tensors(folder, "hard-row")
    w, inj, gain = at["W"], at["inj"], at["gain"]
    f, start = lambda z: (gain * (z @ w)).add_(inj).tanh_(), torch.zeros_like(inj)
    for name, solve in methods(ridge).items():
        counting = Counting(f)
        _, _, stat = solve(counting, start, **STOP)
        unjudged = 2 if name == "anderson" else 0
        needed = first_below(stat["rel_trace"]) + unjudged  # entry 0 of the trace is no iterate
        answers.add("hard row", name, "share wasted", wasted(needed, counting.calls * len(inj)))
        answers.add("hard row", name, "ms", 1e3 * median_seconds(lambda: solve(f, start, **STOP)))


def gradient(at, deq, ridge, scale):
    w = at["W"].clone().requires_grad_(True)
    z, _ = deq(lambda z: torch.tanh(torch.addmm(at["inj"], z, w)), torch.zeros_like(at["inj"]), solver_kwargs=dict(ridge))
    ((z[-1] * at["c"]).sum() * scale).backward()
    return w.grad


def deq_of(rtol, **backward):
    deq = torchdeq.get_deq(
        ift=True, f_solver="anderson", b_solver="anderson", f_tol=rtol, f_stop_mode="rel", f_max_iter=200, **backward
    )
    return deq.train()


def ask_training(folder, ridge, answers):
    """The backward's own defaults (absolute tolerance 1e-6) where the scale of the loss is looked at; a relative one, the
    same as ours, for the time of a step."""
    at = tensors(folder, "training")
    defaults = deq_of(problems.TIGHT_RTOL)
    for case, scale in (("loss", 1.0), ("loss x 1e-7", problems.SMALL_LOSS)):
        off = relative(gradient(at, defaults, ridge, scale).double() / scale, at["dW"])
        answers.add("gradient", case, "relative error", off)
    same = deq_of(problems.RTOL, b_tol=problems.RTOL, b_stop_mode="rel", b_max_iter=200)
    answers.add("training step", "anderson", "relative error", relative(gradient(at, same, ridge, 1), at["dW"]))
    seconds = median_seconds(lambda: gradient(at, same, ridge, 1))
    answers.add("training step", "anderson", "ms", 1e3 * seconds)


def ask_batch_mates(folder, ridge, answers):
    at = tensors(folder, "spread")
    solve = methods(ridge)["anderson"]

    def first_row(rows):
        inj = at["inj"][:rows]
        return solve(cell(at["W"], inj), torch.zeros_like(inj), **STOP)[0][0]

    answers.add("batch-mates", "anderson", "relative difference", relative(first_row(64), first_row(1)))


def main():
    folder = folder_asked()
    torch.set_num_threads(1)
    version = f"{importlib.metadata.version('torchdeq')}, torch {torch.__version__}"
    plain, tight = Answers("torchdeq", version), Answers("torchdeq, lam 1e-10", version)
    for ridge, answers in ((DEFAULTS, plain), (TIGHT, tight)):
        with torch.no_grad():
            ask_cost(folder, ridge, answers)
            ask_spread(folder, ridge, answers)
            ask_hard_row(folder, ridge, answers)
            ask_batch_mates(folder, ridge, answers)
        ask_training(folder, ridge, answers)
    print_all(plain, tight)


main()
