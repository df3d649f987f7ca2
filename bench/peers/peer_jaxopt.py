"""jaxopt on the problems: FixedPointIteration and AndersonAcceleration."""
import importlib.metadata

import jax
import jaxopt

import jax_problems as ask
import problems
from answers import Answers, folder_asked, print_all


def solve(name, z0, w, inj, gain, tol, max_iter):
    f = lambda z, w, inj, gain: ask.cell(z, w, inj, gain)
    if name == "picard":
        solver = jaxopt.FixedPointIteration(f, maxiter=max_iter, tol=tol)
    else:
        solver = jaxopt.AndersonAcceleration(f, history_size=problems.DEPTH + 1, maxiter=max_iter, tol=tol)
    step = solver.run(z0, w, inj, gain)
    return step.params, step.state.iter_num


def main():
    folder = folder_asked()
    answers = Answers("jaxopt", f"{importlib.metadata.version('jaxopt')}, jax {jax.__version__}")
    both = ("picard", "anderson")
    ask.ask_cost(folder, answers, solve, both)
    ask.ask_spread(folder, answers, solve, both)
    ask.ask_hard_row(folder, answers, solve, both)
    ask.ask_training(folder, answers, solve, "anderson")
    ask.ask_batch_mates(folder, answers, solve, "anderson")
    print_all(answers)


main()
