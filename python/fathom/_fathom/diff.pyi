from typing import Any, List, Optional, Sequence, Tuple, Union

from torch import Tensor

from . import OptionGroup
from .solve import Solution, Solver, Stop
from .types import Map, State

Gradient = Union[
    Implicit, JacobianFree, Phantom, Unrolled, Truncated, Neumann, Adaptive, Checkpointed, Reversible
]

class AdjointReport:
    status: List[str]
    relative_residual: List[float]
    iterations: List[int]
    calls: int
    worst_relative_residual: float
    method: str
    message: str
    converged: bool

class DriftReport:
    drift: List[float]
    worst: float
    allowed: float
    every: int
    checkpoints: int
    message: str
    good: bool

class Equilibrium:
    y: Any  # a Tensor, or a tuple of them where y0 was one
    solution: Solution
    adjoint: Optional[AdjointReport]
    drift: Optional[DriftReport]

def equilibrium(
    G: Map, y0: State, solver: Solver = ..., gradient: Gradient = ..., stop: Stop = ...
) -> Equilibrium: ...
def jacobian_norm(G: Map, y: State, samples: int = ...) -> Tensor: ...
def spectral_norm(G: Map, y: State, options: SpectralPenalty = ...) -> Tensor: ...
def supervised(
    G: Map, y0: State, at: Sequence[int], recorded: int = ..., discount: float = ...
) -> List[Tuple[int, Any, float]]: ...

# The options, written by scripts/python_stubs.py.

class Implicit:
    adjoint: str
    rtol: float
    max_iter: int
    restart: int
    anderson: OptionGroup
    def __init__(self, *, adjoint: str = ..., rtol: float = ..., max_iter: int = ..., restart: int = ..., anderson: Any = ...) -> None: ...

class Neumann:
    terms: int
    def __init__(self, *, terms: int = ...) -> None: ...

class Adaptive:
    rtol: float
    terms: int
    adjoint: str
    max_iter: int
    restart: int
    anderson: OptionGroup
    def __init__(self, *, rtol: float = ..., terms: int = ..., adjoint: str = ..., max_iter: int = ..., restart: int = ..., anderson: Any = ...) -> None: ...

class JacobianFree: ...

class Phantom:
    steps: int
    damping: float
    def __init__(self, *, steps: int = ..., damping: float = ...) -> None: ...

class Unrolled:
    steps: int
    def __init__(self, *, steps: int = ...) -> None: ...

class Truncated:
    steps: int
    last: int
    def __init__(self, *, steps: int = ..., last: int = ...) -> None: ...

class Checkpointed:
    steps: int
    checkpoints: int
    def __init__(self, *, steps: int = ..., checkpoints: int = ...) -> None: ...

class Reversible:
    steps: int
    damping: float
    gain: float
    drift: float
    every: int
    def __init__(self, *, steps: int = ..., damping: float = ..., gain: float = ..., drift: float = ..., every: int = ...) -> None: ...

class SpectralPenalty:
    products: int
    seed: int
    def __init__(self, *, products: int = ..., seed: int = ...) -> None: ...
