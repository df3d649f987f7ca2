"""optimistix on the problems: FixedPointIteration, and its implicit adjoint. It has no Anderson acceleration."""
import jax
import jax.numpy as jnp
import optimistix as optx

import jax_problems as ask
from answers import Answers, folder_asked, print_all


def solve(name, z0, w, inj, gain, tol, max_iter):
    assert name == "picard"
    solver = optx.FixedPointIteration(rtol=0.0, atol=jnp.maximum(tol, 1e-30), norm=optx.two_norm)
    f = lambda z, args: ask.cell(z, *args)
    solution = optx.fixed_point(f, solver, z0, args=(w, inj, gain), max_steps=max_iter, throw=False)
    return solution.value, solution.stats["num_steps"]


def main():
    folder = folder_asked()
    answers = Answers("optimistix", f"{optx.__version__}, jax {jax.__version__}")
    ask.ask_cost(folder, answers, solve, ("picard",))
    ask.ask_spread(folder, answers, solve, ("picard",))
    ask.ask_hard_row(folder, answers, solve, ("picard",))
    ask.ask_training(folder, answers, solve, "picard")
    ask.ask_batch_mates(folder, answers, solve, "picard")
    print_all(answers)


main()
