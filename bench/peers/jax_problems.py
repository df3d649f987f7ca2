"""The problems for the peers on JAX. Each row is a problem of its own (vmap), stopped by its own absolute tolerance RTOL *
||z*||, which is ours to within RTOL; z* is found beforehand. Everything is jitted, and compiled before the clock starts."""
import jax
import jax.numpy as jnp
import numpy as np

import problems
from answers import median_seconds, relative, wasted, worst_residual


def cell(z, w, inj, gain):
    return jnp.tanh(gain * (z @ w) + inj)


def arrays(folder, name, rows=None):
    at = problems.read(folder, name)
    at.setdefault("gain", np.ones((len(at["inj"]), 1), np.float32))
    for key in ("inj", "gain"):
        at[key] = at[key][:rows]
    return {key: jnp.asarray(x) for key, x in at.items()}


def row_tolerances(at, rtol):
    w, inj, gain = (np.asarray(at[key], np.float64) for key in ("W", "inj", "gain"))
    z = np.zeros_like(inj)
    for _ in range(4000):
        z = np.tanh(gain * (z @ w) + inj)
    return jnp.asarray(rtol * np.linalg.norm(z, axis=1), jnp.float32)


def ready(work):
    """Compiled, and waited for: JAX returns before it is done."""
    jax.block_until_ready(work())
    return lambda: jax.block_until_ready(work())


def ask_cost(folder, answers, solve, names):
    """solve(name, z0, w, inj, gain, tol, max_iter) -> z, iterations; of one row."""
    for batch, width in problems.COST_SIZES:
        at = arrays(folder, f"cost-{batch}x{width}")
        n = problems.COST_ITERATIONS
        bare = jax.jit(lambda w, inj: jax.lax.fori_loop(0, n, lambda _, z: cell(z, w, inj, 1.0), jnp.zeros_like(inj)))
        bare_seconds = median_seconds(ready(lambda: bare(at["W"], at["inj"])))
        for name in names:
            run = batched(solve, name, n)
            never = jnp.zeros(batch, jnp.float32)
            seconds = median_seconds(ready(lambda: run(at["W"], at["inj"], at["gain"], never)))
            answers.add("cost", f"{batch}x{width} {name}", "bare f", seconds / bare_seconds)
            answers.add("cost", f"{batch}x{width} {name}", "us", 1e6 * seconds / n)


def batched(solve, name, max_iter=problems.MAX_ITERATIONS):
    def one(w, inj, gain, tol):
        return solve(name, jnp.zeros_like(inj), w, inj, gain, tol, max_iter)

    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0, 0)))


def check(at, z):
    f = lambda z: np.asarray(cell(z, at["W"], at["inj"], at["gain"]))
    worst = worst_residual(f, np.asarray(z))
    if not worst <= 1.2 * problems.RTOL:
        raise RuntimeError(f"stopped at a relative residual of {worst:.1e}")


def ask_spread(folder, answers, solve, names):
    at = arrays(folder, "spread")
    tol = row_tolerances(at, problems.RTOL)
    for name in names:
        run = batched(solve, name)
        z, iterations = run(at["W"], at["inj"], at["gain"], tol)
        check(at, z)
        answers.add("spread", name, "calls", np.max(iterations))
        answers.add("spread", name, "ms", 1e3 * median_seconds(ready(lambda: run(at["W"], at["inj"], at["gain"], tol))))


def ask_hard_row(folder, answers, solve, names):
    at = arrays(folder, "hard-row")
    tol = row_tolerances(at, problems.RTOL)
    for name in names:
        run = batched(solve, name)
        z, iterations = run(at["W"], at["inj"], at["gain"], tol)
        check(at, z)
        share = wasted(iterations, float(np.max(iterations)) * len(iterations))
        answers.add("hard row", name, "share wasted", share)
        answers.add("hard row", name, "ms", 1e3 * median_seconds(ready(lambda: run(at["W"], at["inj"], at["gain"], tol))))


def ask_training(folder, answers, solve, name):
    at = arrays(folder, "training")

    def gradient_at(rtol):
        tol = row_tolerances(at, rtol)

        def loss(w, scale):
            one = lambda inj, gain, tol: solve(name, jnp.zeros_like(inj), w, inj, gain, tol, 200)[0]
            return scale * jnp.sum(jax.vmap(one)(at["inj"], at["gain"], tol) * at["c"])

        return jax.jit(jax.grad(loss))

    tight = gradient_at(problems.TIGHT_RTOL)
    for case, scale in (("loss", 1.0), ("loss x 1e-7", problems.SMALL_LOSS)):
        off = relative(np.asarray(tight(at["W"], scale), np.float64) / scale, at["dW"])
        answers.add("gradient", case, "relative error", off)
    step = gradient_at(problems.RTOL)
    answers.add("training step", name, "relative error", relative(step(at["W"], 1.0), at["dW"]))
    answers.add("training step", name, "ms", 1e3 * median_seconds(ready(lambda: step(at["W"], 1.0))))


def ask_batch_mates(folder, answers, solve, name):
    def first_row(rows):
        at = arrays(folder, "spread", rows)
        tol = row_tolerances(at, problems.RTOL)
        return batched(solve, name)(at["W"], at["inj"], at["gain"], tol)[0][0]

    answers.add("batch-mates", name, "relative difference", relative(first_row(64), first_row(1)))
