"""The problems that Fathom and its peers are asked: f(z) = tanh(gain * (z W) + inj), row by row, float32.

A problem is a .npz file, so that every peer, C++ or Python, reads the same numbers. Needs NumPy alone.

    cost-BxD   W orthogonal times .999, inj small: no row is done before the last iteration
    spread     W symmetric of radius .9, inj scaled so that Picard needs 40 calls from z = 0
    hard-row   W symmetric of radius 1, one row of gain .99 among 255 of .5
    training   ||W|| = .9; loss sum(c * z); dW: the exact gradient, in float64
"""
import pathlib

import numpy as np

SEED = 20261126
RTOL = 1e-4  # a row is done when ||f(z) - z|| <= RTOL ||f(z)||
COST_SIZES = [(1, 64), (64, 512), (256, 1024)]
COST_ITERATIONS = 50
MAX_ITERATIONS = 2000
DEPTH = 5  # columns of Anderson's history
SMALL_LOSS = 1e-7
TIGHT_RTOL = 1e-6  # of solve and adjoint where the gradient's error is looked at


def symmetric(random, width, radius):
    w = random.standard_normal((width, width))
    w = (w + w.T) / 2
    return w * (radius / np.abs(np.linalg.eigvalsh(w)).max())


def cost(random, batch, width):
    q, _ = np.linalg.qr(random.standard_normal((width, width)))
    return {"W": 0.999 * q, "inj": 0.01 * random.standard_normal((batch, width))}


def picard_calls(w, inj):
    z = np.zeros_like(inj)
    for calls in range(1, MAX_ITERATIONS):
        g = np.tanh(z @ w + inj)
        if np.all(np.linalg.norm(g - z, axis=1) <= RTOL * np.linalg.norm(g, axis=1)):
            return calls
        z = g
    return MAX_ITERATIONS


def spread(random):
    """A larger injection saturates tanh, and Picard is done sooner: bisection finds 40 calls."""
    w = symmetric(random, 512, 0.9).astype(np.float32)
    noise = random.standard_normal((64, 512)).astype(np.float32)
    low, high = 1e-3, 10.0
    for _ in range(60):
        middle = np.sqrt(low * high)
        calls = picard_calls(w, np.float32(middle) * noise)
        if calls == 40:
            return {"W": w, "inj": np.float32(middle) * noise}
        low, high = (middle, high) if calls > 40 else (low, middle)
    raise RuntimeError("no scale gives 40 calls")


def hard_row(random):
    gain = np.full((256, 1), 0.5)
    gain[100] = 0.99
    return {"W": symmetric(random, 512, 1), "inj": 0.01 * random.standard_normal((256, 512)), "gain": gain}


def exact_gradient(w, inj, c):
    w, inj, c = (x.astype(np.float32).astype(np.float64) for x in (w, inj, c))
    y = np.zeros_like(inj)
    for _ in range(350):  # .9^350 is 1e-16
        y = np.tanh(y @ w + inj)
    slope = 1 - y * y
    u = c
    for _ in range(350):  # .9^350 is 1e-16
        u = c + (u * slope) @ w.T
    return y.T @ (u * slope)


def training(random):
    w = random.standard_normal((512, 512))
    w *= 0.9 / np.linalg.norm(w, 2)
    inj, c = 0.3 * random.standard_normal((64, 512)), random.standard_normal((64, 512))
    return {"W": w, "inj": inj, "c": c, "dW": exact_gradient(w, inj, c)}


def write(folder):
    """Draws every problem into FOLDER."""
    folder = pathlib.Path(folder)
    random = np.random.default_rng(SEED)
    drawn = {f"cost-{b}x{d}": cost(random, b, d) for b, d in COST_SIZES}
    drawn |= {"spread": spread(random), "hard-row": hard_row(random), "training": training(random)}
    for name, arrays in drawn.items():
        narrow = {key: x if key == "dW" else x.astype(np.float32) for key, x in arrays.items()}
        np.savez(folder / f"{name}.npz", **narrow)


def read(folder, name):
    with np.load(pathlib.Path(folder) / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}
