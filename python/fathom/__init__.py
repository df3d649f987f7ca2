"""Fixed points y* = G(y*), their gradients, and what can be measured of G. G is any callable on torch tensors.

    e = fathom.equilibrium(lambda y: torch.tanh(layer(y) + x), torch.zeros_like(x))
    e.y.square().mean().backward()      # reaches the parameters of layer; constant memory
    print(e.solution, e.adjoint)

Modules are the rooms of the C++ library: solve, diff, measure, study. Two of their names are taken twice and stand
here under neither room: solve.Reversible and diff.Reversible.
"""

import torch as _torch  # first: it loads the libtorch that the extension is linked to

from . import diff, measure, solve, study
from ._fathom import Error, UsageError, __version__
from .diff import (
    Adaptive,
    AdjointReport,
    Checkpointed,
    DriftReport,
    Equilibrium,
    Implicit,
    JacobianFree,
    Neumann,
    Phantom,
    Truncated,
    Unrolled,
    equilibrium,
)
from .solve import (
    Anderson,
    Answer,
    Broyden,
    Escalate,
    Loop,
    NewtonKrylov,
    Picard,
    Solution,
    Stop,
    StreamOptions,
    StreamReport,
    fixed_point,
    stream,
)

__all__ = [
    "Adaptive", "AdjointReport", "Anderson", "Answer", "Broyden", "Checkpointed", "DriftReport", "Equilibrium", "Error",
    "Escalate", "Implicit", "JacobianFree", "Loop", "Neumann", "NewtonKrylov", "Phantom", "Picard", "Solution", "Stop",
    "StreamOptions", "StreamReport", "Truncated", "Unrolled", "UsageError", "diff", "equilibrium", "fixed_point",
    "measure", "solve", "stream", "study",
]
